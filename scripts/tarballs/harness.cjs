// Runs one snippet inside a project: a server that it starts must answer, and is closed again.
const net = require('node:net');

/**
 * @param {string} at where the snippet stands, for the message
 * @param {() => Promise<unknown>} start loads or calls the snippet
 */
exports.runSnippet = async function runSnippet(at, start) {
  const servers = [];
  const { listen } = net.Server.prototype;
  net.Server.prototype.listen = function (...args) {
    servers.push(this);
    return listen.apply(this, args);
  };
  try {
    await start();
    for (const server of servers) await answer(server);
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
  // Nothing of the outside is there, so an outage is a fair answer; a crash is not.
  if (![200, 401, 404, 503].includes(response.status)) throw new Error(`it answers ${response.status}`);
}
