// Unpacks a bundle with a strict reader and prints its entries: node unpack.mjs MODULES FILE FOLDER
//
// Every file becomes 0600, as where Claude unpacks on macOS.

import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const [modules, file, folder] = process.argv.slice(2);
const yauzl = createRequire(`${modules}/`)("yauzl");

const archive = await promisify(yauzl.open)(file, { lazyEntries: true, strictFileNames: true, autoClose: false });
const openReadStream = promisify(archive.openReadStream.bind(archive));
const entries = [];
const done = new Promise((resolve, reject) => archive.on("end", resolve).on("error", reject));
archive.on("entry", async (entry) => {
  const pieces = [];
  for await (const piece of await openReadStream(entry)) pieces.push(piece);
  const to = join(folder, entry.fileName);
  mkdirSync(dirname(to), { recursive: true });
  writeFileSync(to, Buffer.concat(pieces), { mode: 0o600 });
  entries.push({
    name: entry.fileName,
    size: entry.uncompressedSize,
    mode: entry.externalFileAttributes >>> 16,
    method: entry.compressionMethod,
    flags: entry.generalPurposeBitFlag,
    date: entry.lastModFileDate,
    time: entry.lastModFileTime,
    extra: entry.extraFields.length,
    comment: entry.fileComment,
  });
  archive.readEntry();
});
archive.readEntry();
await done;
console.log(JSON.stringify({ comment: archive.comment, entries }));
