// The first start: what this is, and the two steps to the first answer.

import { ask } from "../../bridge.js";
import { element, fill, phrase } from "../../dom.js";
import { t } from "../../words.js";
import { go } from "../navigation.js";
import { nameOf } from "../parts/account_name.js";
import { mcpAddress } from "../parts/address.js";
import { addressLine } from "../parts/code_block.js";
import { icon } from "../parts/icon.js";
import { keyEntry } from "../parts/key_entry.js";
import { mark } from "../parts/mark.js";
import { failureSlot, perform } from "../parts/perform.js";

export function makeWelcome(panel) {
  const failure = failureSlot();
  const sandbox = element("button", { type: "button", onclick: addSandbox }, t("accounts.sandbox_add"));
  const entry = keyEntry({
    doIt: t("accounts.add_do"),
    send: (key, saveUnchecked) => ask("accounts_add", { key, saveUnchecked }),
    done: () => panel.focus(),
    more: [sandbox],
  });
  const accountBody = element("div", { class: "stack" }, element("p", { class: "quiet" }, t("welcome.step_account_why")), entry.root, failure);
  const accountStep = makeStep(1, t("welcome.step_account"), accountBody);
  const address = element("div");
  const how = element("button", { type: "button", onclick: () => go("connect") }, t("welcome.how"));
  const connectStep = makeStep(2, t("welcome.step_connect"), element("div", { class: "stack" }, element("p", { class: "quiet" }, t("welcome.step_connect_why")), element("div", { class: "row step-ways" }, how, address)));
  const tray = element("p", {});
  const done = element("button", { type: "button", class: "accent main", onclick: () => go("apps") }, t("welcome.done"));
  let url;
  let isWelcomed = false;

  panel.classList.add("welcome");
  panel.setAttribute("aria-labelledby", "welcome-title");
  fill(
    panel,
    element("header", { class: "welcome-head" }, element("span", { class: "welcome-rings" }, icon("rings")), element("h1", { id: "welcome-title" }, t("welcome.title")), element("p", { class: "quiet" }, t("welcome.what"))),
    element("ol", { class: "steps" }, accountStep.root, connectStep.root),
    element("footer", { class: "welcome-foot" }, tray, done),
  );

  return { update };

  function update({ status, accounts, clients, has_tray: hasTray, has_lost_bus: hasLostBus, settings }) {
    const fresh = mcpAddress(status);
    if (fresh !== url) fill(address, addressLine(t("connect.address"), fresh));
    url = fresh;
    accountStep.set(accounts.length > 0 && phrase("welcome.step_account_done", { account: nameOf(accounts[0]) }));
    connectStep.set(clients.length > 0 && t("welcome.step_connect_done", { count: clients.length }));
    // That the bus is gone is told above.
    fill(tray, !hasLostBus && t(hasTray ? "welcome.tray" : "welcome.no_tray"));
    if (isWelcomed || settings.welcomed) return;
    isWelcomed = true;
    ask("settings_change", { change: { welcomed: true } }).catch(() => (isWelcomed = false));
  }

  async function addSandbox() {
    if (await perform(sandbox, failure, () => ask("accounts_add_sandbox"))) panel.focus();
  }
}

/** A step that shrinks to one line once it is done. */
function makeStep(count, title, body) {
  const sign = element("span", { class: "step-number", "aria-hidden": "true" }, String(count));
  const said = element("p", { class: "quiet" });
  const root = element("li", { class: "step" }, sign, element("div", { class: "step-body" }, element("h2", {}, title), said, body));
  return {
    root,
    set(doneWords) {
      const isDone = Boolean(doneWords);
      root.classList.toggle("is-done", isDone);
      fill(sign, isDone ? mark("ok") : String(count));
      fill(said, doneWords);
      said.hidden = !isDone;
      body.hidden = isDone;
    },
  };
}
