// The TypeScript SDK 2.x. With `--era auto` it asks `server/discover` first and speaks 2026-07-28 where it can; without,
// it is a client of the older revisions. It checks `iss` and the metadata's issuer, which 1.x does not.
import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { option } from './orders.mjs';
import { run } from './sdk-client.mjs';

const mode = option('era', 'legacy');

await run({
    UnauthorizedError,
    StreamableHTTPClientTransport,
    client: info => new Client(info, { versionNegotiation: { mode } }),
    protocol: client => client.getNegotiatedProtocolVersion(),
    finish: (transport, response) => transport.finishAuth(response)
});
