// Runs a server as Claude Desktop does, in a part of a process whose standard streams are no files: node host.mjs SCRIPT

import { Worker } from "node:worker_threads";

const server = new Worker(process.argv[2], { stdin: true, stdout: true, stderr: true });
process.stdin.pipe(server.stdin);
server.stdout.pipe(process.stdout);
server.stderr.pipe(process.stderr);
server.on("exit", (status) => process.exit(status));
