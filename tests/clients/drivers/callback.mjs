// The loopback listener that a native client receives its authorization response with (RFC 8252 section 7.3).
import { createServer } from 'node:http';

/** Listens on a free port of `host`; `next()` waits for the parameters of the next response. */
export async function callback(host) {
    const arrived = [];
    const waiting = [];
    const server = createServer((request, reply) => {
        const url = new URL(request.url, `http://${host}`);
        const known = url.pathname === '/callback';
        reply.writeHead(known ? 200 : 404, { 'content-type': 'text/plain' }).end('You can close this page.');
        if (known) (waiting.shift() ?? (params => arrived.push(params)))(url.searchParams);
    });
    await new Promise(resolve => server.listen(0, host, resolve));
    return {
        url: `http://${host}:${server.address().port}/callback`,
        next: () => (arrived.length ? Promise.resolve(arrived.shift()) : new Promise(resolve => waiting.push(resolve)))
    };
}
