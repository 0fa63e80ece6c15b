// The MCP Inspector's command line: one process per call, which share what they know through a file. The first one that is
// answered 401 discovers, registers, prints the authorization URL, listens for the response and goes on by itself.
// `--relogin` ends the grant at the revocation endpoint before it deletes it, as no other client here does. In 2.12.0 it
// looks for the endpoint under a name that only the Inspector's web side stores; `relogin` copies it there.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { sandbox } from './browser.mjs';
import { obey, option, outcome } from './orders.mjs';

const url = option('url');
const launcher = createRequire(import.meta.url)
    .resolve('@modelcontextprotocol/inspector/package.json')
    .replace('package.json', 'clients/launcher/build/index.js');
const { folder, env } = await sandbox();
const storage = join(folder, 'storage');
mkdirSync(storage);
// A listener of the Inspector's own choice is always the same port; two runs at the same time need one each.
const callback = `http://127.0.0.1:${await freePort()}/oauth/callback`;

/** Runs one method and returns its result. */
async function inspect(...words) {
    const args = [launcher, '--cli', '--server-url', url, '--transport', 'http', '--callback-url', callback];
    args.push('--protocol-era', option('era', 'legacy'), '--format', 'json', '--connect-timeout', '120000', ...words);
    const { stdout } = await promisify(execFile)(process.execPath, args, {
        env: {
            ...env,
            MCP_STORAGE_DIR: storage,
            MCP_INSPECTOR_SECRET_STORE: 'file',
            MCP_AUTO_OPEN_ENABLED: 'true'
        },
        timeout: 150_000
    }).catch(failed => {
        throw new Error(failed.stderr.trim() || failed.message);
    });
    return JSON.parse(stdout).result;
}

const tools = async (...words) => ({
    names: (await inspect('--method', 'tools/list', ...words)).tools.map(tool => tool.name)
});

await obey({
    connect: () => tools(),
    tools: () => tools(),
    call: async ({ tool, arguments: given }) =>
        outcome(
            await inspect('--method', 'tools/call', '--tool-name', tool, '--tool-args-json', JSON.stringify(given))
        ),
    relogin() {
        const state = read('oauth.json');
        const server = state.servers[url];
        server.serverMetadata = server.discoveryState.authorizationServerMetadata;
        write('oauth.json', state);
        return tools('--relogin');
    },
    expire() {
        const { file, name, tokens } = secrets();
        file.secrets[name] = JSON.stringify({ ...tokens, access_token: 'expired' });
        write('secrets.json', file);
    },
    tokens() {
        const { access_token, refresh_token } = secrets().tokens;
        const { byIssuer, activeIssuer } = read('oauth.json').servers[url];
        return { client_id: byIssuer[activeIssuer].clientInformation.client_id, access_token, refresh_token };
    }
});

/** The tokens of this server, and where in its file the Inspector keeps them. */
function secrets() {
    const file = read('secrets.json');
    const name = Object.keys(file.secrets).find(key => key.includes(':tokens:'));
    return { file, name, tokens: JSON.parse(file.secrets[name]) };
}

function read(name) {
    return JSON.parse(readFileSync(join(storage, name), 'utf8'));
}

function write(name, value) {
    writeFileSync(join(storage, name), JSON.stringify(value), { mode: 0o600 });
}

async function freePort() {
    const server = createServer();
    await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address();
    await new Promise(resolve => server.close(resolve));
    return port;
}
