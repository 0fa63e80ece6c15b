// Stands in for `jean-bridge stdio` where an adapter must misbehave on time. It writes down what it is told, answers every
// request with its own process id, and does what the name of a called tool says.

const { createInterface } = require("node:readline");

const told = [];
const lines = createInterface({ input: process.stdin });
const send = (id, result) => process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`);

const tools = {
  die: () => process.exit(3),
  say_nothing: () => {},
  say_junk: (id) => process.stdout.write("a line for nobody\n") && send(id, { pid: process.pid }),
  // Numbers and spaces that no parser would write like this.
  say_it_oddly: (id) => process.stdout.write(`{ "jsonrpc":"2.0", "id":${id},\t"result":{"n":12345678901234567890}}\r\n`),
  tell: (id) => send(id, { pid: process.pid, told }),
};

lines.on("line", (line) => {
  told.push(line);
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) return;
  if (method === "initialize") send(id, { protocolVersion: params.protocolVersion, serverInfo: { name: "stand-in" } });
  else if (method === "tools/call") (tools[params.name] ?? tools.tell)(id);
  else send(id, { pid: process.pid });
});
lines.on("close", () => process.exit(0));
