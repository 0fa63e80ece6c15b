// One check of the doctor as a line: its state as a shape and a word, the cause, the cure, and a button for it where
// there is one in this window.

import { ask } from "../../bridge.js";
import { element, phrase } from "../../dom.js";
import { duration, find, t } from "../../words.js";
import { go } from "../navigation.js";
import { mark } from "../parts/mark.js";
import { failureSlot, perform } from "../parts/perform.js";

const MARKS = { ok: "ok", note: "note", unknown: "wait", warning: "warn", failed: "stop" };
const SECOND = 1000;

/** By the beginning of a finding's code, the longer one first. */
const CURES = [
  ["port_stranger", restart],
  ["port_elsewhere", restart],
  ["port_taken", () => place("settings")],
  ["port_of", () => place("settings")],
  ["port_refused", () => place("settings")],
  ["paused", () => place("settings")],
  ["upstream_paused", () => place("settings")],
  ["keys_paused", () => place("settings")],
  ["start_", () => place("settings")],
  ["update_", ({ code }) => (code === "update_no_source" || code === "update_forbidden" ? null : place("settings"))],
  ["key_rejected", () => place("accounts")],
  ["key_missing", () => place("accounts")],
  ["no_account", () => place("accounts")],
  ["app_connected", undefined],
  ["app_", ({ app }) => place("connect", app)],
  ["no_app_connected", () => place("connect")],
  ["log_unwritable", logs],
  ["keychain_failed", logs],
  ["database_failed", logs],
  ["database_damaged", restart],
  ["socket_gone", restart],
  ["stale_socket", restart],
  ["not_running", restart],
  ["hangs", restart],
  ["version_differs", restart],
];

/** A list item for a check of the bridge. */
export function finding({ check, state, finding: found, cause, cure }) {
  const values = valuesOf(found);
  const words = find(`cause.${found.code}`, values) ? phrase(`cause.${found.code}`, values) : cause;
  const help = find(`cure.${found.code}`, values) ? phrase(`cure.${found.code}`, values) : cure;
  return line(state, t(`doctor.${check}`), words, help, ...actions(state, found));
}

/** A list item for what only this window knows. */
export function line(state, name, words, help, ...buttons) {
  return element(
    "li",
    { class: `finding finding-${state}` },
    mark(MARKS[state]),
    element("div", { class: "finding-words" }, element("p", {}, element("span", { class: "unseen" }, `${t(`doctor.${state}`)}: `), element("strong", {}, name), " ", words), help && element("p", { class: "quiet" }, help)),
    ...buttons,
  );
}

/** A length of time is told in its own unit. */
function valuesOf({ code, ...values }) {
  if ("seconds" in values) values.seconds = duration(values.seconds * SECOND);
  if ("took_ms" in values) values.took_ms = duration(values.took_ms);
  // Names made of digits, not amounts.
  for (const name of ["port", "configured", "pid", "status"]) if (name in values) values[name] = String(values[name]);
  return values;
}

function actions(state, found) {
  if (state === "ok") return [];
  const [, make] = CURES.find(([start]) => found.code.startsWith(start)) ?? [];
  return make ? [make(found)] : [];
}

function place(name, ...rest) {
  return element("button", { type: "button", onclick: () => go(name, ...rest) }, t(`doctor.open_${name}`));
}

function logs() {
  return asking("open_log", "open_log_folder");
}

function restart() {
  return asking("restart", "app_restart");
}

function asking(words, command) {
  const failure = failureSlot();
  const button = element("button", { type: "button", onclick: () => perform(button, failure, () => ask(command)) }, t(`doctor.${words}`));
  return element("div", { class: "stack" }, button, failure);
}
