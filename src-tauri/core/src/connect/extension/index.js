// Runs the adapter of Jean Memory Bridge, `jean-bridge stdio`, for Claude Desktop, and passes messages both ways.
//
// Claude shows a server that ends as broken until Claude itself is started again. So this one never ends by itself:
// without an adapter it answers what it can, says what to do, and goes on looking. An adapter that comes, or comes back,
// is told what the client and the server agreed on before, and the client is told that there are other tools now.
//
// It needs no terminal, no variable of the environment and no file but its own, because Claude runs it in a process that
// may have none of them. It holds no secret and writes no file.

"use strict";

const { spawn } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");

const LOOK_AGAIN_MS = 5_000; // for an adapter that is not there
const PATIENCE_MS = 15_000; // with an adapter that has not said a word yet
const STEADY_MS = 10_000; // an adapter that lived as long is started again at once
const FIRST_PAUSE_MS = 250; // before one that keeps ending, doubled each time
const LONGEST_PAUSE_MS = 30_000;
const LAST_WORDS_MS = 1_000; // for output after the end of an adapter
const FAREWELL_MS = 2_000; // for an adapter whose input has ended
const LONGEST_LINE = 64 * 1024 * 1024; // bytes; no answer of the adapter is longer

const VERSIONS = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
const WITHOUT_HANDSHAKE = "2026-07-28";
const VERSION_OF_REQUEST = "io.modelcontextprotocol/protocolVersion";
const SERVER_INFO = "io.modelcontextprotocol/serverInfo";
const TOOLS_CHANGED = { jsonrpc: "2.0", method: "notifications/tools/list_changed" };
const ANSWERED_AT_ONCE = ["initialize", "server/discover", "ping", "tools/list"]; // whatever else an adapter waits for
const REPLAY_ID = "jean-memory-extension-replay"; // no id of a client: those are numbers or random

/** What the client began with: its parameters, and the version it was answered with. */
let handshake = null;
/** The adapter that runs: `ready` once it knows what was agreed on, `spoke` once it has written a message. */
let adapter = null;
/** Lines of the client for an adapter that is not ready yet. */
let waiting = [];
/** What the adapter has not answered yet, by id. */
const open = new Map();
/** How often in a row an adapter ended soon, and how often a program ended without a word. */
let shortLives = 0;
const silent = new Map();
/** Why the last one ended. */
let trouble = null;
let notBefore = 0;
let timer;
let isEnding = false;

// Where the adapter is ------------------------------------------------------------------------------------------------

/** The path that the bridge wrote into its own copy of this extension, and those of its packages. */
function places() {
    const app = "Jean Memory Bridge";
    const home = homeFolder();
    const ofSystem = {
        darwin: () => [
            `/Applications/${app}.app/Contents/MacOS/jean-bridge`,
            path.join(home, "Applications", `${app}.app`, "Contents/MacOS/jean-bridge"),
            path.join(home, ".local/bin/jean-bridge"),
            "/usr/local/bin/jean-bridge",
        ],
        // Claude passes on few variables, so each has what it normally says beside it.
        win32: () => [
            path.join(process.env.LOCALAPPDATA || path.join(home, "AppData", "Local"), app, "jean-bridge.exe"),
            path.join(process.env.ProgramW6432 || process.env.ProgramFiles || "C:\\Program Files", app, "jean-bridge.exe"),
        ],
        linux: () => [path.join(home, ".local/bin/jean-bridge"), "/usr/local/bin/jean-bridge", "/usr/bin/jean-bridge"],
    };
    const all = [WRITTEN, ...(ofSystem[process.platform] || ofSystem.linux)()];
    return all.filter((place) => typeof place === "string" && path.isAbsolute(place));
}

function homeFolder() {
    try {
        return os.homedir();
    } catch {
        return ""; // makes paths that are not absolute, and so no places
    }
}

function content(file) {
    try {
        return JSON.parse(fs.readFileSync(path.join(__dirname, file), "utf8"));
    } catch {
        return {};
    }
}

const WRITTEN = content("installed.json").adapter;
const OWN_VERSION = content("../manifest.json").version || "0";

function isProgram(file) {
    try {
        fs.accessSync(file, fs.constants.X_OK);
        return fs.statSync(file).isFile();
    } catch {
        return false;
    }
}

// The life of an adapter ----------------------------------------------------------------------------------------------

/** Starts an adapter, if none runs and one is there; else lets the client have its answers from here. */
function look() {
    if (adapter || isEnding || Date.now() < notBefore) return;
    clearTimeout(timer);
    // One that never says a word, such as that of an older version, stands behind the others.
    const unspoken = (program) => silent.get(program) || 0;
    const [program] = places().filter(isProgram).sort((a, b) => unspoken(a) - unspoken(b));
    if (program) return start(program);
    if (trouble !== missing) say((trouble = missing));
    timer = setTimeout(look, LOOK_AGAIN_MS);
    answerWaiting();
}

function start(program) {
    const mine = { program, child: null, ready: false, spoke: false, since: Date.now(), cause: "" };
    adapter = mine;
    try {
        // Each stream is named: what this process itself has may be no files that a child could inherit.
        mine.child = spawn(program, ["stdio"], { stdio: ["pipe", "pipe", "pipe"], windowsHide: true });
    } catch (error) {
        mine.cause = String(error.message);
        return gone(mine);
    }
    mine.child.on("error", (error) => {
        mine.cause = String(error.message);
        if (mine.child.pid === undefined) gone(mine);
    });
    if (mine.child.pid === undefined) return; // the error follows
    mine.child.on("exit", (status, signal) => {
        mine.cause = `it ended with ${signal || `status ${status}`}`;
        setTimeout(() => gone(mine), LAST_WORDS_MS);
    });
    mine.child.on("close", () => gone(mine));
    mine.child.stdin.on("error", () => {}); // its end tells
    mine.child.stderr.on("data", (data) => process.stderr.write(data));
    eachLine(mine.child.stdout, (line) => fromAdapter(mine, line));
    if (!handshake?.version) return ready(mine);
    const params = { ...handshake.params, protocolVersion: handshake.version };
    toAdapter(mine, JSON.stringify({ jsonrpc: "2.0", id: REPLAY_ID, method: "initialize", params }));
    expectWord(mine);
}

/** Ends an adapter that then goes on to say nothing: a client gives up after a minute. */
function expectWord(mine) {
    if (!mine.spoke) mine.patience ??= setTimeout(() => mine.child.kill("SIGKILL"), PATIENCE_MS);
}

/** Lets the client speak to the adapter. */
function ready(mine) {
    mine.ready = true;
    for (const line of waiting.splice(0)) pass(mine, line);
}

function gone(mine) {
    clearTimeout(mine.patience);
    if (adapter !== mine) return;
    adapter = null;
    if (isEnding) return leave();
    if (!mine.spoke) silent.set(mine.program, (silent.get(mine.program) || 0) + 1);
    const wasSteady = mine.spoke && Date.now() - mine.since >= STEADY_MS;
    shortLives = wasSteady ? 0 : shortLives + 1;
    trouble = `Jean Memory Bridge does not run as it should (${mine.program}: ${mine.cause}). It is started again by ` +
        "itself; if this stays so, install it again.";
    say(`${mine.program}: ${mine.cause}`);
    const unanswered = [...open.values()];
    open.clear();
    for (const request of unanswered) send(answer(request, true));
    const pause = shortLives < 2 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (shortLives - 2), LONGEST_PAUSE_MS);
    notBefore = Date.now() + pause;
    if (pause > 0 || !mine.spoke) answerWaiting();
    if (pause === 0) look();
    else timer = setTimeout(look, pause);
}

// Messages ------------------------------------------------------------------------------------------------------------

function fromClient(line) {
    if (isEnding) return;
    look();
    for (const message of messages(line)) {
        if (isRequest(message) && message.method === "initialize") {
            handshake = { id: message.id, params: message.params, version: null, isDone: false };
        } else if (message.method === "notifications/initialized" && handshake) {
            handshake.isDone = true;
        }
    }
    if (adapter?.ready) return pass(adapter, line);
    waiting.push(line);
    if (!adapter) answerWaiting();
}

function pass(mine, line) {
    for (const message of messages(line)) {
        if (isRequest(message)) {
            open.set(key(message.id), message);
            if (ANSWERED_AT_ONCE.includes(message.method)) expectWord(mine);
        } else if (message.method === "notifications/cancelled") {
            open.delete(key(message.params?.requestId)); // it gets no answer
        }
    }
    toAdapter(mine, line);
}

function toAdapter(mine, line) {
    mine.child.stdin.write(line);
    mine.child.stdin.write("\n");
}

function fromAdapter(mine, line) {
    if (adapter !== mine) return;
    const said = messages(line);
    if (said.length === 0) return say(`${mine.program} wrote what is no message`);
    mine.spoke = true;
    clearTimeout(mine.patience);
    if (!mine.ready && said[0].id === REPLAY_ID) return replayed(mine, said[0]);
    for (const message of said.filter((one) => one.method === undefined)) {
        open.delete(key(message.id));
        if (handshake && message.id === handshake.id && message.result) handshake.version ??= message.result.protocolVersion;
    }
    process.stdout.write(Buffer.concat([line, NEWLINE]));
}

function replayed(mine, { error }) {
    if (error) return mine.child.kill();
    if (handshake.isDone) toAdapter(mine, JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }));
    ready(mine);
    if (handshake.isDone) send(TOOLS_CHANGED);
}

function send(message) {
    process.stdout.write(`${JSON.stringify(message)}\n`);
}

// Answers without an adapter ------------------------------------------------------------------------------------------

const missing = "Jean Memory Bridge is not installed where this extension looks for it, so your memories cannot be used. " +
    "Install it; then it is used by itself. If it is installed, open it and connect Claude Desktop there.";
const interrupted = "Jean Memory Bridge stopped in the middle of this. It may have been carried out: look before you " +
    "repeat it.";

function answerWaiting() {
    for (const line of waiting.splice(0)) {
        const whole = messages(line);
        const answers = whole.filter(isRequest).map((request) => answer(request, false));
        if (answers.length > 0) send(whole.isBatch ? answers : answers[0]);
    }
}

/** The answer to a request; `isCut` says that an adapter had it already. */
function answer({ id, method, params }, isCut) {
    const result = resultOf(method, params, isCut);
    if (!result) {
        const error = isCut ? { code: -32603, message: interrupted } : { code: -32601, message: "Method not found" };
        return { jsonrpc: "2.0", id, error };
    }
    return { jsonrpc: "2.0", id, result: params?._meta?.[VERSION_OF_REQUEST] ? { ...result, ...COMPLETE } : result };
}

/** What every result of the revision without a handshake says; nothing of ours is worth keeping. */
const COMPLETE = { resultType: "complete", ttlMs: 0, cacheScope: "private" };

function resultOf(method, params, isCut) {
    const capabilities = { tools: { listChanged: true } };
    const serverInfo = { name: "jean-memory-bridge", title: "Jean Memory", version: OWN_VERSION };
    const instructions = trouble || missing;
    switch (method) {
        case "initialize": {
            const asked = params?.protocolVersion;
            handshake.version = VERSIONS.includes(asked) ? asked : VERSIONS[0];
            return { protocolVersion: handshake.version, capabilities, serverInfo, instructions };
        }
        case "server/discover": {
            const supportedVersions = [WITHOUT_HANDSHAKE, ...VERSIONS];
            return { supportedVersions, capabilities, instructions, _meta: { [SERVER_INFO]: serverInfo }, ...COMPLETE };
        }
        case "ping":
            return {};
        case "tools/list":
            return { tools: [] };
        case "prompts/list":
            return { prompts: [] };
        case "resources/list":
            return { resources: [] };
        case "resources/templates/list":
            return { resourceTemplates: [] };
        case "tools/call":
            return { content: [{ type: "text", text: isCut ? interrupted : trouble || missing }], isError: true };
        default:
            return null;
    }
}

// Lines ---------------------------------------------------------------------------------------------------------------

const NEWLINE = Buffer.from("\n");

/** Calls `take` with each line, without its end. One that is too long is left out. */
function eachLine(stream, take) {
    let pieces = [];
    let length = 0;
    const add = (piece) => {
        length += piece.length;
        if (length <= LONGEST_LINE) pieces.push(piece);
        else pieces = [];
    };
    const finish = () => {
        const line = Buffer.concat(pieces);
        [pieces, length] = [[], 0];
        if (line.length > 0) take(line);
    };
    stream.on("data", (data) => {
        const chunk = typeof data === "string" ? Buffer.from(data) : data;
        let from = 0;
        for (let to; (to = chunk.indexOf(NEWLINE, from)) >= 0; from = to + 1) {
            add(chunk.subarray(from, to));
            finish();
        }
        add(chunk.subarray(from));
    });
    stream.on("end", finish);
}

/** The messages of a line: one, those of a batch, or none if it is none. */
function messages(line) {
    let value;
    try {
        value = JSON.parse(line.toString());
    } catch {
        value = null;
    }
    const isBatch = Array.isArray(value);
    const all = (isBatch ? value : [value]).filter((one) => one !== null && typeof one === "object");
    return Object.assign(all, { isBatch });
}

function isRequest({ id, method }) {
    return typeof method === "string" && (typeof id === "string" || typeof id === "number");
}

/** 1 and "1" are two ids. */
function key(id) {
    return JSON.stringify(id);
}

// The process ---------------------------------------------------------------------------------------------------------

/** For Claude's log. */
function say(text) {
    process.stderr.write(`Jean Memory: ${text}\n`);
}

function end() {
    if (isEnding) return;
    isEnding = true;
    clearTimeout(timer);
    if (!adapter) return leave();
    const { child } = adapter;
    child.stdin?.end();
    setTimeout(() => (child.kill("SIGKILL"), leave()), FAREWELL_MS);
}

function leave() {
    process.stdout.write("", () => process.exit(0));
}

process.stdin.on("end", end).on("close", end).on("error", end);
process.stdout.on("error", end); // nobody reads any more
process.stderr.on("error", () => {});
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"]) process.on(signal, end);
eachLine(process.stdin, fromClient);
look();
