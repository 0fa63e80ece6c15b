// What is done to an app's settings, before it is done: the command, or the lines that go and come.

import { element, fill, phrase } from "../../dom.js";
import { t } from "../../words.js";
import { codeBlock } from "../parts/code_block.js";
import { selectable } from "../parts/selectable.js";

/** Nodes for a preview. */
export function stepsShown({ app, steps, quit_first: isRunning }) {
  if (steps.length === 0) return [element("p", {}, t("connect.step_none"))];
  return [...steps.flatMap(shown), ...(isRunning ? [element("p", { class: "quiet" }, phrase("connect.step_running", { name: app.name }))] : [])];
}

function shown(step) {
  switch (step.kind) {
    case "run":
      return [element("p", {}, t("connect.step_run")), codeBlock(step.command)];
    case "remove":
      return [element("p", {}, phrase("connect.step_remove", { file: selectable(step.file) }))];
    default: {
      const lines = element("pre", { class: "change selectable", tabIndex: 0, role: "group" });
      fill(lines, ...step.removed.map((line) => changed("del", "−", "connect.line_goes", line)), ...step.added.map((line) => changed("ins", "+", "connect.line_comes", line)));
      lines.setAttribute("aria-label", t("connect.changes"));
      return [element("p", {}, phrase("connect.step_edit", { file: selectable(step.file), line: step.line })), lines, element("p", { class: "quiet" }, t("connect.step_only"))];
    }
  }
}

/** A sign beside the colour, and words for those who see neither. */
function changed(tag, sign, words, line) {
  return element(tag, {}, element("span", { "aria-hidden": "true", class: "sign" }, sign), element("span", { class: "unseen" }, `${t(words)} `), line);
}
