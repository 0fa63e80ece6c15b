// Gives the conformance suite a bearer token: it has no option for one (protocol.md 11.2). Loaded with `node --import`.
//
// The token is added to requests to the bridge and to nothing else, and only where a request brings no Authorization of its
// own, in each of the suite's three ways out: global fetch, undici's `request()`, and node:http.
import http from 'node:http';
import { createRequire, syncBuiltinESMExports } from 'node:module';

const { CONFORMANCE_ENTRY: entry, CONFORMANCE_ORIGIN: origin, CONFORMANCE_TOKEN: token } = process.env;
const bearer = `Bearer ${token}`;

if (entry && origin && token) {
    const { fetch } = globalThis;
    globalThis.fetch = (input, init) => {
        const headers = new Headers(init?.headers ?? input.headers);
        if (new URL(input.url ?? input).origin !== origin || headers.has('authorization')) return fetch(input, init);
        headers.set('authorization', bearer);
        return fetch(input, { ...init, headers });
    };

    // The suite's own undici, not the one inside node; they share the dispatcher. `request()` gives headers as an object.
    const { Agent, setGlobalDispatcher } = createRequire(entry)('undici');
    const lacks = headers => !Object.keys(headers).some(name => name.toLowerCase() === 'authorization');
    const authorized = dispatch => (options, handler) => {
        const { headers = {} } = options;
        const ours = String(options.origin) === origin && !Array.isArray(headers) && lacks(headers);
        return dispatch(ours ? { ...options, headers: { ...headers, authorization: bearer } } : options, handler);
    };
    setGlobalDispatcher(new Agent().compose(authorized));

    const { request } = http;
    http.request = (options, ...rest) => {
        const sent = request(options, ...rest);
        const to = options instanceof URL || typeof options === 'string' ? new URL(options) : options;
        const host = to.port ? `${to.hostname}:${to.port}` : to.hostname;
        if (`http://${host}` === origin && !sent.hasHeader('authorization')) sent.setHeader('authorization', bearer);
        return sent;
    };
    syncBuiltinESMExports();
}
