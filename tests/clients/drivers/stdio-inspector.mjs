// The MCP Inspector's command line as a client of a program: one process, and one adapter, for each call.
import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { obey, option, outcome } from './orders.mjs';

const launcher = createRequire(import.meta.url)
    .resolve('@modelcontextprotocol/inspector/package.json')
    .replace('package.json', 'clients/launcher/build/index.js');

/** Runs one method and returns its result. */
async function inspect(...words) {
    const args = [launcher, '--cli', '--transport', 'stdio', '-e', `JEAN_BRIDGE_HOME=${option('home')}`];
    args.push('--protocol-era', option('era', 'legacy'), '--format', 'json', ...words);
    args.push('--', option('command'), 'stdio');
    // A tool that says it failed is a failure of the process as well, with its result on stdout.
    const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 150_000 }).catch(failed => {
        if (failed.stdout) return failed;
        throw new Error(failed.stderr.trim() || failed.message);
    });
    return JSON.parse(stdout).result;
}

const tools = async () => ({ names: (await inspect('--method', 'tools/list')).tools.map(tool => tool.name) });

await obey({
    connect: tools,
    tools,
    call: async ({ tool, arguments: given }) =>
        outcome(await inspect('--method', 'tools/call', '--tool-name', tool, '--tool-args-json', JSON.stringify(given)))
});
