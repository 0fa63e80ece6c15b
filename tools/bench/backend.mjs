// The server behind every adapter: one tool that gives its text back, by Streamable HTTP for mcp-remote and as the Jean
// Memory API has it for the bridge, in one process: node backend.mjs MODULES PORT
//
// Prints its address when it listens.

import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";

const [modules, port] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const express = require("express");
const { McpServer } = require("@modelcontextprotocol/sdk/server/mcp.js");
const { StreamableHTTPServerTransport } = require("@modelcontextprotocol/sdk/server/streamableHttp.js");
const { isInitializeRequest } = require("@modelcontextprotocol/sdk/types.js");
const { z } = require("zod");

const NAME = "ask_memory";
const ABOUT = "Gives back what it was asked.";
const OWNER = "00000000-0000-4000-8000-000000000001";

const server = express();
server.use(express.json());

// As the examples of the SDK do it: sessions in memory.
const sessions = new Map();
server.all("/mcp", async (request, response) => {
  const id = request.headers["mcp-session-id"];
  let transport = sessions.get(id);
  if (!transport) {
    if (id || !isInitializeRequest(request.body)) {
      response.status(id ? 404 : 400).json({ jsonrpc: "2.0", error: { code: -32001, message: "Session not found" }, id: null });
      return;
    }
    transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: randomUUID,
      onsessioninitialized: (made) => sessions.set(made, transport),
    });
    const mcp = new McpServer({ name: "backend", version: "1.0.0" });
    mcp.registerTool(NAME, { description: ABOUT, inputSchema: { question: z.string() } }, ({ question }) => ({
      content: [{ type: "text", text: question }],
    }));
    await mcp.connect(transport);
  }
  await transport.handleRequest(request, response, request.body);
});

const results = {
  initialize: () => ({ protocolVersion: "2025-06-18", capabilities: { tools: {} }, serverInfo: { name: "backend", version: "1.0.0" } }),
  "tools/list": () => {
    const inputSchema = { type: "object", properties: { question: { type: "string" } }, required: ["question"] };
    return { tools: [{ name: NAME, description: ABOUT, inputSchema }] };
  },
  "tools/call": (params) => ({ content: [{ type: "text", text: params.arguments.question }] }),
};
server.post("/mcp/messages/", ({ body: { id, method, params } }, response) => {
  response.json({ jsonrpc: "2.0", id, result: results[method]?.(params) ?? {} });
});
server.post("/sdk/validate-developer", (request, response) => {
  response.json({ status: "valid", developer_id: OWNER });
});
server.get("/health", (request, response) => response.json({ status: "healthy" }));

const listener = server.listen(Number(port), "127.0.0.1", () => {
  console.log(`http://127.0.0.1:${listener.address().port}`);
});
