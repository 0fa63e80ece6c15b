// A client on one of the two TypeScript SDKs, which share their surface: everything of OAuth is the SDK's own work, this
// file only remembers what the SDK gives it and sends the person to the browser when the SDK says so.
import { randomBytes } from 'node:crypto';
import { authorize, obey, option, outcome } from './orders.mjs';
import { callback } from './callback.mjs';

/** @param sdk the classes of one SDK, how it makes a `client`, and how it wants to be told of a response (`finish`). */
export async function run(sdk) {
    const server = new URL(option('url'));
    const name = option('name', 'SDK client');
    const redirect = await callback(option('callback-host', '127.0.0.1'));
    const memory = memoryOf(name, redirect.url);
    let client;
    let transport;

    /** Does `step`; if the SDK needs the person for it, waits for the person and does it once more. */
    async function authorized(step) {
        try {
            return await step();
        } catch (error) {
            if (!(error instanceof sdk.UnauthorizedError)) throw error;
            const response = await redirect.next();
            if (response.get('state') !== memory.expectedState) throw new Error('a response with a foreign state');
            if (response.has('error')) throw new Error(response.get('error'));
            await sdk.finish(transport, response);
            return await step();
        }
    }

    await obey({
        connect: () =>
            authorized(async () => {
                transport = new sdk.StreamableHTTPClientTransport(server, { authProvider: memory });
                client = sdk.client({ name, version: '1.0.0' });
                await client.connect(transport);
                return {
                    protocol: sdk.protocol(client, transport),
                    server: client.getServerVersion()?.name
                };
            }),
        tools: async () => {
            const { tools } = await authorized(() => client.listTools());
            return { names: tools.map(tool => tool.name) };
        },
        call: async ({ tool, arguments: given }) =>
            outcome(await authorized(() => client.callTool({ name: tool, arguments: given }))),
        expire: () => {
            memory.kept.access_token = 'expired';
        },
        tokens: () => ({
            client_id: memory.registration.client_id,
            access_token: memory.kept.access_token,
            refresh_token: memory.kept.refresh_token
        }),
        close: () => client?.close()
    });
}

/** An OAuthClientProvider (the interface is the same in both SDKs) that keeps everything in memory. */
const memoryOf = (client_name, redirectUrl) => ({
    redirectUrl,
    clientMetadata: {
        client_name,
        redirect_uris: [redirectUrl],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: option('auth-method', 'none')
    },
    state() {
        return (this.expectedState = randomBytes(16).toString('base64url'));
    },
    clientInformation() {
        return this.registration;
    },
    saveClientInformation(registration) {
        this.registration = registration;
    },
    tokens() {
        return this.kept;
    },
    saveTokens(tokens) {
        this.kept = tokens;
    },
    redirectToAuthorization: authorize,
    saveCodeVerifier(verifier) {
        this.verifier = verifier;
    },
    codeVerifier() {
        return this.verifier;
    },
    discoveryState() {
        return this.discovery;
    },
    saveDiscoveryState(state) {
        this.discovery = state;
    },
    invalidateCredentials(scope) {
        if (scope === 'all' || scope === 'client') this.registration = undefined;
        if (scope === 'all' || scope === 'tokens') this.kept = undefined;
        if (scope === 'all' || scope === 'discovery') this.discovery = undefined;
    }
});
