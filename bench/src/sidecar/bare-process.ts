// The floor of the part: a bare HTTP server of Node. `import` of `node:http` would load the client of `fetch` (14 MB).
const { createServer } = process.getBuiltinModule('node:http');

createServer((_request, response) => response.end('ok')).listen(Number(process.argv[2]), '127.0.0.1');
