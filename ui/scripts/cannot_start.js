// The window of an app whose bridge did not start: what happened, what it means, what to do.

import { ask } from "./bridge.js";
import { byId, dress, fill, phrase, show } from "./dom.js";
import { explain, find, t } from "./words.js";

/**
 * @typedef {{code: string, message: string, port: number | null, holder: string | null, suggested_port: number | null}} Reason
 */

/** A bridge that runs elsewhere still serves the apps. */
const STILL_SERVES = "already_running";

dress();
byId("again").addEventListener("click", () => act("app_restart"));
byId("log-folder").addEventListener("click", () => act("open_log_folder", {}, ""));
byId("quit").addEventListener("click", () => act("app_quit"));

try {
  draw(await ask("cannot_start"));
} catch (failure) {
  draw({ code: "unexpected", message: explain(failure), port: null, holder: null, suggested_port: null });
}
byId("what").focus();

/** @param {Reason} reason */
function draw({ code, message, port, holder, suggested_port }) {
  const known = find(`cannot_start.${code}`) ? code : "unexpected";
  // Ports are names, not amounts: no separators.
  const values = { port: String(port ?? ""), holder: holder ?? "", suggested: String(suggested_port ?? "") };
  fill(byId("what"), phrase(`cannot_start.${known}${holder ? "_by" : ""}`, values));
  byId("meaning").textContent = t(known === STILL_SERVES ? "cannot_start.still_serves" : "cannot_start.not_running");
  byId("cure").textContent = t(`cannot_start.${known}_do${suggested_port === null ? "" : "_or_move"}`, values);

  // The words above say all of it where it is about a port.
  byId("message").textContent = message;
  show(byId("reason"), port === null);

  if (suggested_port === null) return;
  byId("use-port").textContent = t("cannot_start.use_port", values);
  byId("use-port").addEventListener("click", () => act("cannot_start_use_port", { port: suggested_port }));
  show(byId("use-port"), true);
}

/**
 * @param {string} command
 * @param {Record<string, unknown>} [args]
 * @param {string} [meanwhile]
 */
async function act(command, args = {}, meanwhile = t("cannot_start.one_moment")) {
  byId("said").textContent = "";
  byId("progress").textContent = meanwhile;
  try {
    await ask(command, args);
  } catch (failure) {
    byId("progress").textContent = "";
    byId("said").textContent = explain(failure);
  }
}
