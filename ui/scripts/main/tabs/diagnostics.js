// How the bridge is, what is wrong and what helps, and what to hand on when asking for help.

import { ask } from "../../bridge.js";
import { element, fill, show, timeAgo } from "../../dom.js";
import { t } from "../../words.js";
import { copyText } from "../parts/copy.js";
import { facts } from "../parts/facts.js";
import { iconButton } from "../parts/icon.js";
import { failureSlot, perform } from "../parts/perform.js";
import { say } from "../parts/say.js";
import { selectable } from "../parts/selectable.js";
import { NOTICEABLE, failedState, waiting } from "../parts/states.js";
import { makeChecks } from "./checks.js";

export function makeDiagnostics(panel) {
  const failure = failureSlot();
  const report = iconButton("copy", t("diagnostics.copy_report"), { onclick: copyReport });
  const save = iconButton("folder", t("doctor.save_report"), { onclick: saveReport });
  const folder = iconButton("folder", t("diagnostics.open_logs"), { onclick: () => perform(folder, failure, () => ask("open_log_folder")) });
  const saved = element("p", { class: "selectable", hidden: true });
  const examination = element("div");
  const known = element("div");
  const lines = element("pre", { class: "log selectable", tabIndex: 0, role: "region", "aria-label": t("diagnostics.log") });
  const logTitle = element("h2");
  const log = element("section", { class: "card" }, logTitle, lines);
  const by = element("textarea", { readOnly: true, rows: 10, "aria-label": t("diagnostics.copy_report"), hidden: true });
  let checks;
  let newest;
  let prepared;

  fill(
    panel,
    element("header", { class: "head" }, element("h1", {}, t("diagnostics.title")), element("p", { class: "quiet" }, t("diagnostics.lead"))),
    examination,
    known,
    element("section", { class: "stack" }, element("div", { class: "row" }, report, save, folder), element("p", { class: "quiet" }, t("diagnostics.report_why")), saved, failure, by),
    log,
  );
  show(log, false);

  return { update, show: look };

  function update(overview) {
    newest = overview;
    checks?.update(overview);
  }

  async function look() {
    examination.setAttribute("aria-busy", "true");
    const slow = setTimeout(() => !known.hasChildNodes() && fill(known, waiting(t("diagnostics.loading"))), NOTICEABLE);
    try {
      await load(slow);
    } catch (reason) {
      show(log, false);
      fill(known, failedState(t("diagnostics.failed"), reason, look));
    } finally {
      clearTimeout(slow);
      examination.removeAttribute("aria-busy");
    }
  }

  async function load(slow) {
    const found = await ask("diagnostics");
    draw(found);
    clearTimeout(slow);
    if (!checks) {
      checks = makeChecks(found.subjects, { examined: prepare });
      fill(examination, checks.root);
      checks.update(newest);
    }
    await checks.examine();
  }

  function draw(found) {
    fill(known, element("section", { class: "card" }, element("h2", {}, t("diagnostics.facts")), facts(rows(found))));
    fill(logTitle, t("diagnostics.log_last", { count: found.log.length }));
    lines.textContent = found.log.length ? found.log.join("\n") : t("diagnostics.log_empty");
    show(log, true);
    lines.scrollTop = lines.scrollHeight;
  }

  /** A web view lets a page copy only right after a press, so the report is there before. */
  async function prepare() {
    prepared = await ask("diagnostics_report").catch(() => undefined);
    const found = await ask("diagnostics").catch(() => undefined);
    if (found) draw(found);
  }

  async function copyReport() {
    let text = prepared;
    if (text === undefined) {
      const isDone = await perform(report, failure, async () => {
        text = await ask("diagnostics_report");
      });
      if (!isDone) return;
    }
    const isCopied = await copyText(text);
    // Where nothing may be copied, the text is at least there.
    show(by, !isCopied);
    by.value = isCopied ? "" : text;
    if (!isCopied) by.select();
    say(t(isCopied ? "diagnostics.report_copied" : "main.copy_failed"));
  }

  async function saveReport() {
    show(saved, false);
    await perform(save, failure, async () => {
      const file = await ask("diagnostics_save_report");
      fill(saved, t("doctor.report_saved", { file }));
      show(saved, true);
      say(saved.textContent);
    });
  }
}

function rows(found) {
  return [
    [t("diagnostics.version"), selectable(found.version)],
    [t("diagnostics.address"), selectable(found.url)],
    [t("diagnostics.started"), found.started_at ? timeAgo(found.started_at) : null],
    [t("diagnostics.process"), selectable(String(found.pid))],
    [t("diagnostics.instance"), selectable(found.instance)],
    [t("diagnostics.system"), found.os ? selectable(found.os) : null],
    [t("diagnostics.webview"), found.webview ? selectable(found.webview) : null],
    [t("diagnostics.config"), selectable(found.config_file)],
    [t("diagnostics.data"), selectable(found.data_dir)],
    [t("diagnostics.logs"), selectable(found.log_dir)],
  ];
}
