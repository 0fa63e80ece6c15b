// What the suite and a driver say to each other, one JSON object a line.
//
// On stdin an order: {"do":"connect"}, {"do":"tools"}, {"do":"call","tool":…,"arguments":…}, {"do":"expire"} (spoil the
// access token that the client keeps, so that the next call needs the refresh token), {"do":"tokens"}.
// On stdout its answer: {"did":"connect",…} or {"failed":"connect","error":…}; and, whenever the client wants a browser,
// {"authorize":URL} before it. The suite plays the browser and the person; the client's own redirect listener hears of it.
import { createInterface } from 'node:readline';

const say = message => process.stdout.write(`${JSON.stringify(message)}\n`);

/** The client asks for a browser. */
export const authorize = url => say({ authorize: String(url) });

/** Carries out orders until stdin ends. */
export async function obey(verbs) {
    for await (const line of createInterface({ input: process.stdin })) {
        const order = JSON.parse(line);
        try {
            say({ did: order.do, ...(await verbs[order.do](order)) });
        } catch (error) {
            say({ failed: order.do, error: String(error?.message ?? error) });
        }
    }
    await verbs.close?.();
    process.exit(0);
}

/** The value after a `--name` on the command line. */
export function option(name, otherwise) {
    const at = process.argv.indexOf(`--${name}`);
    return at < 0 ? otherwise : process.argv[at + 1];
}

/** The text of a tool's result, and whether it was a failure. */
export const outcome = ({ content, isError }) => ({
    is_error: isError === true,
    text: content
        .filter(({ type }) => type === 'text')
        .map(({ text }) => text)
        .join('\n')
});
