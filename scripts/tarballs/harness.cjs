// Runs one snippet inside a project. A server that it starts must answer, and is then closed.
const net = require('node:net');

/**
 * @param {string} at file and line of the snippet, for the error text
 * @param {() => Promise<unknown>} start loads or calls the snippet
 */
exports.runSnippet = async function runSnippet(at, start) {
  const servers = new Set();
  const { listen } = net.Server.prototype;
  net.Server.prototype.listen = function (...args) {
    servers.add(this);
    // A snippet may close its server.
    this.once('close', () => servers.delete(this));
    return listen.apply(this, args);
  };
  try {
    await start();
    for (const server of [...servers]) await answer(server);
  } catch (error) {
    throw new Error(`the snippet at ${at} fails: ${error.message}`, { cause: error });
  } finally {
    net.Server.prototype.listen = listen;
    for (const server of servers) server.close();
  }
};

async function answer(server) {
  if (!server.listening) await new Promise((resolve) => server.once('listening', resolve));
  const response = await fetch(`http://127.0.0.1:${server.address().port}/orders`);
  // No dependency of the snippet runs, so 503 is a correct answer, and 500 is not.
  if (![200, 401, 404, 503].includes(response.status))
    throw new Error(`expected the status 200, 401, 404 or 503, found ${response.status}`);
}
