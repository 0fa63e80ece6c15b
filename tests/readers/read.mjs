// Reads a file with the parser of apps that are written in JavaScript, and prints what it found:
// node read.mjs MODULES PARSER FILE

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [modules, parser, file] = process.argv.slice(2);
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
  // Gemini CLI's: comments, and no comma after the last.
  commented: async (text) => JSON.parse((await load("strip-json-comments")).default(text)),
};

const text = readFileSync(file, "utf8").replace(/^\ufeff/, "");
console.log(JSON.stringify(await readers[parser](text)));
