// The port is part of the address that every app was given, so a change is told with what follows from it.

import { ask } from "../../bridge.js";
import { element, fill } from "../../dom.js";
import { t } from "../../words.js";
import { failureSlot, perform } from "../parts/perform.js";
import { say } from "../parts/say.js";
import { restartLine } from "./setting_rows.js";

const LOWEST = 1024;
const HIGHEST = 65_535;

export function portSetting() {
  const failure = failureSlot();
  const title = element("label", { htmlFor: "port", class: "strong" }, t("settings.port"));
  const why = element("p", { id: "port-why", class: "quiet" }, t("settings.port_why"));
  const input = element("input", { id: "port", type: "text", inputMode: "numeric", maxLength: 5, autocomplete: "off", class: "short", "aria-describedby": why.id, oninput: draw });
  const save = element("button", { type: "submit" }, t("settings.port_save"));
  const restart = restartLine(failure);
  const form = element("form", { class: "row", noValidate: true, onsubmit: submit }, input, save);
  const root = element("div", { class: "setting" }, element("div", { class: "setting-line" }, element("div", { class: "setting-words" }, title, why), form), failure, restart.root);
  let now;
  let configured;

  return { root, update };

  function update({ status, configured_port: port }) {
    const before = configured;
    now = Number(new URL(status.url).port);
    configured = port;
    // What is being typed stays.
    if (input.value === "" || input.value === String(before)) input.value = String(port);
    draw();
  }

  function draw() {
    // 0 means any port: then there is nothing to wait for.
    const isWaiting = configured !== 0 && configured !== now;
    // A port is a name made of digits, not an amount.
    restart.set(isWaiting ? { now: String(now), then: String(configured) } : undefined);
    save.setAttribute("aria-disabled", String(input.value.trim() === String(configured)));
  }

  async function submit(event) {
    event.preventDefault();
    if (input.value.trim() === String(configured)) return;
    const port = /^\d+$/.test(input.value.trim()) ? Number(input.value) : NaN;
    const fits = port >= LOWEST && port <= HIGHEST;
    input.setAttribute("aria-invalid", String(!fits));
    if (!fits) {
      fill(failure, t("settings.port_invalid"));
      input.focus();
      return;
    }
    if (!(await perform(save, failure, () => ask("settings_port", { port })))) return;
    configured = port;
    draw();
    say(t("settings.port_saved", { port: String(port) }));
  }
}
