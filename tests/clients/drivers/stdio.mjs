// The TypeScript SDKs as clients of a program: `--sdk 1` or `--sdk 2`, with `--era auto` for 2026-07-28. The program gets
// the environment that the SDK lets through, and the bridge's home.
import { obey, option, outcome } from './orders.mjs';

const sdks = {
    async 1(info) {
        const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
        const { ToolListChangedNotificationSchema } = await import('@modelcontextprotocol/sdk/types.js');
        const client = new Client(info);
        return {
            ...(await import('@modelcontextprotocol/sdk/client/stdio.js')),
            client,
            protocol: () => undefined,
            onChange: heard => client.setNotificationHandler(ToolListChangedNotificationSchema, heard)
        };
    },
    async 2(info) {
        const { Client } = await import('@modelcontextprotocol/client');
        const client = new Client(info, { versionNegotiation: { mode: option('era', 'legacy') } });
        return {
            ...(await import('@modelcontextprotocol/client/stdio')),
            client,
            protocol: () => client.getNegotiatedProtocolVersion(),
            onChange: heard => client.setNotificationHandler('notifications/tools/list_changed', heard)
        };
    }
};

const sdk = await sdks[option('sdk')]({ name: option('name'), version: '1.0.0' });
let changes = 0;
let heard = () => {};
sdk.onChange(() => {
    changes += 1;
    heard();
});

await obey({
    async connect() {
        const env = { ...sdk.getDefaultEnvironment(), JEAN_BRIDGE_HOME: option('home') };
        await sdk.client.connect(new sdk.StdioClientTransport({ command: option('command'), args: ['stdio'], env }));
        return { protocol: sdk.protocol(), server: sdk.client.getServerVersion()?.name };
    },
    tools: async () => ({ names: (await sdk.client.listTools()).tools.map(tool => tool.name) }),
    call: async ({ tool, arguments: given }) => outcome(await sdk.client.callTool({ name: tool, arguments: given })),
    /** Waits until the list was said to be another, and forgets it. */
    async changed() {
        while (changes === 0) await new Promise(resolve => (heard = resolve));
        changes = 0;
    },
    close: () => sdk.client.close()
});
