// The tools of one app, each on or off. A switch moves when the bridge has said so, not when it is pressed.

import { ask } from "../../bridge.js";
import { element, fill, foreign, phrase } from "../../dom.js";
import { t } from "../../words.js";
import { failureSlot, perform } from "../parts/perform.js";
import { say } from "../parts/say.js";
import { failedState, waiting } from "../parts/states.js";

let made = 0;

/** Nothing is asked before `open()`. */
export function makeTools(shelf, client) {
  const failure = failureSlot();
  const list = element("ul", { class: "tools" });
  let isOpen = false;
  let scopes = client.scopes.join();

  return { open, update };

  function open() {
    isOpen = true;
    load();
  }

  /** What an app may do can change while its tools are shown. */
  function update(fresh) {
    client = fresh;
    const allowed = fresh.scopes.join();
    if (allowed === scopes) return;
    scopes = allowed;
    if (isOpen) load();
  }

  async function load() {
    if (!list.isConnected) fill(shelf, waiting(t("apps.tools_loading")));
    try {
      draw(await ask("apps_tools", { client: client.id }));
    } catch (reason) {
      fill(shelf, failedState(t("apps.tools_failed"), reason, load));
    }
  }

  function draw(tools) {
    if (tools.length === 0) {
      fill(shelf, element("p", { class: "quiet" }, t("apps.tools_empty")));
      return;
    }
    const focused = document.activeElement?.dataset.tool;
    fill(list, ...tools.map(row));
    if (!list.isConnected) fill(shelf, element("p", { class: "quiet" }, phrase("apps.tools_lead", { name: client.name })), list, failure);
    if (focused) [...list.querySelectorAll("[data-tool]")].find((each) => each.dataset.tool === focused)?.focus();
  }

  function row(tool) {
    made += 1;
    const name = element("span", { id: `tool-${made}` }, foreign(tool.title ?? tool.name));
    const needs = element("span", { id: `tool-needs-${made}`, class: "quiet" }, ...needed(tool));
    const isOn = tool.is_allowed && tool.is_on;
    const toggle = element("input", {
      type: "checkbox",
      role: "switch",
      checked: isOn,
      "aria-labelledby": `${name.id} ${needs.id}`,
      "data-tool": tool.name,
      disabled: !tool.is_allowed,
      onclick(event) {
        event.preventDefault();
        flip(toggle, tool, !isOn);
      },
    });
    return element("li", { class: "tool" }, element("div", { class: "tool-words" }, name, needs), toggle);
  }

  function needed(tool) {
    const kind = tool.scope;
    const inner = tool.title ? [foreign(tool.name), " · "] : [];
    if (tool.is_allowed) return [...inner, t(`apps.tool_${kind}`)];
    return [...inner, phrase(`apps.tool_not_allowed_${kind}`, { name: client.name })];
  }

  async function flip(toggle, tool, isOn) {
    const isDone = await perform(toggle, failure, () => ask("apps_switch_tool", { client: client.id, tool: tool.name, isOn }));
    if (!isDone) return;
    say(phrase(isOn ? "apps.switched_on" : "apps.switched_off", { tool: tool.title ?? tool.name }));
    await load();
  }
}
