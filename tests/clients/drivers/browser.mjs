// A stand-in for the person's browser, for clients that start one themselves: what they open becomes an {"authorize"} line.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { authorize } from './orders.mjs';

// What tells `open` and xdg-open which desktop they are on; without any of it they ask $BROWSER.
const DESKTOP = /^(DISPLAY|WAYLAND_DISPLAY|DESKTOP_SESSION|XDG_CURRENT_DESKTOP|XDG_SESSION_TYPE|GNOME_.*|KDE_.*)$/;

/** A folder of this client's own (its home and its state) and an environment in which the browser is ours. */
export async function sandbox() {
    const folder = mkdtempSync(join(tmpdir(), 'bridge-client-'));
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

    const socket = join(folder, 'browser.sock');
    const listener = createServer(async opened => authorize(await text(opened)));
    await new Promise(resolve => listener.listen(socket, resolve));

    const opener = join(folder, 'xdg-open');
    const send = 'require("net").connect(process.argv[1]).end(process.argv[2])';
    writeFileSync(opener, `#!/bin/sh\nexec '${process.execPath}' -e '${send}' '${socket}' "$1"\n`, { mode: 0o755 });

    const inherited = Object.entries(process.env).filter(([name]) => !DESKTOP.test(name));
    const own = { HOME: folder, BROWSER: opener, PATH: `${folder}:${process.env.PATH}` };
    return { folder, env: { ...Object.fromEntries(inherited), ...own } };
}
