/**
 * HTTP of Node. An `import` of `node:http` in an ES module reads every export of it, and one of them loads the client behind
 * `fetch`: 14 MB and 35 ms in each process, in one turn of its event loop.
 */
export const http = process.getBuiltinModule('node:http');
export const https = process.getBuiltinModule('node:https');
