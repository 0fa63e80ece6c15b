// Reads a file with the parser that apps use, and prints what it found: node read.mjs MODULES FORMAT FILE

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, format, file] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const load = (name) => import(pathToFileURL(require.resolve(name)));

const readers = {
  // What most apps do.
  json: async (text) => JSON.parse(text),
  // The parser of VS Code, with what it calls errors.
  jsonc: async (text) => {
    const { parse, printParseErrorCode } = (await load("jsonc-parser")).default;
    const errors = [];
    const value = parse(text, errors, { allowTrailingComma: true });
    if (errors.length > 0) throw new Error(errors.map(({ error }) => printParseErrorCode(error)).join(", "));
    return value;
  },
  toml: async (text) => (await load("smol-toml")).parse(text),
  yaml: async (text) => (await load("js-yaml")).load(text),
};

const text = readFileSync(file, "utf8").replace(/^\ufeff/, "");
console.log(JSON.stringify(await readers[format](text)));
