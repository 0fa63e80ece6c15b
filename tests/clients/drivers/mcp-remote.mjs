// mcp-remote, as a desktop client runs it: a child that speaks MCP on stdin and stdout, does OAuth by itself, starts the
// browser, listens for the response, and keeps its tokens in files. The client in front of it is the SDK's.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { sandbox } from './browser.mjs';
import { obey, option, outcome } from './orders.mjs';

const name = option('name', 'mcp-remote');
// Longer than the person in the test ever takes: a slow machine must not look like a refusal.
const PATIENCE = { timeout: 120_000 };

const program = createRequire(import.meta.url).resolve('mcp-remote/dist/proxy.js');
const { folder, env } = await sandbox();
const state = join(folder, 'state');
const client = new Client({ name: 'desktop', version: '1.0.0' });

await obey({
    async connect() {
        const metadata = JSON.stringify({ client_name: name });
        const args = [program, option('url'), '--static-oauth-client-metadata', metadata, '--auth-timeout', '120'];
        args.push('--protocol', option('era', 'legacy'));
        const transport = new StdioClientTransport({
            command: process.execPath,
            args,
            env: { ...env, MCP_REMOTE_CONFIG_DIR: state },
            stderr: 'inherit'
        });
        let protocol;
        transport.setProtocolVersion = version => (protocol = version);
        await client.connect(transport, PATIENCE);
        return { protocol, server: client.getServerVersion()?.name };
    },
    async tools() {
        const { tools } = await client.listTools(undefined, PATIENCE);
        return { names: tools.map(tool => tool.name) };
    },
    call: async ({ tool, arguments: given }) =>
        outcome(await client.callTool({ name: tool, arguments: given }, undefined, PATIENCE)),
    expire() {
        const { path, value } = stored('tokens');
        writeFileSync(path, JSON.stringify({ ...value, access_token: 'expired' }));
    },
    tokens() {
        const { access_token, refresh_token } = stored('tokens').value;
        return { client_id: stored('client_info').value.client_id, access_token, refresh_token };
    },
    close: () => client.close()
});

/** One of the files that mcp-remote keeps for this server. */
function stored(kind) {
    const path = readdirSync(state, { recursive: true })
        .map(file => join(state, file))
        .find(file => file.endsWith(`_${kind}.json`));
    return { path, value: JSON.parse(readFileSync(path, 'utf8')) };
}
