// The TypeScript SDK 1.x: what most clients in the field are built on. It speaks the revisions before 2026-07-28.
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { run } from './sdk-client.mjs';

await run({
    UnauthorizedError,
    StreamableHTTPClientTransport,
    client: info => new Client(info),
    protocol: (_client, transport) => transport.protocolVersion,
    finish: (transport, response) => transport.finishAuth(response.get('code'))
});
