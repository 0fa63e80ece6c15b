// The connected apps: who may use the memories, and taking that back.

import { ask } from "../../bridge.js";
import { element, fill, phrase, show } from "../../dom.js";
import { t } from "../../words.js";
import { go } from "../navigation.js";
import { confirmIn } from "../parts/confirmation.js";
import { copyButton } from "../parts/copy.js";
import { iconButton } from "../parts/icon.js";
import { keyed } from "../parts/keyed.js";
import { say } from "../parts/say.js";
import { emptyState } from "../parts/states.js";
import { mcpAddress } from "../parts/address.js";
import { makeAppCard } from "./app_card.js";

export function makeApps(panel) {
  const list = element("div", { class: "cards" });
  const none = element("div");
  const question = element("div");
  const revokeAll = iconButton("remove", t("apps.revoke_all"), { class: "stop", onclick: askAll });
  const foot = element("div", { class: "foot" }, element("div", { class: "row row-end" }, revokeAll), question);
  const sync = keyed(list, (client) => client.id, (client) => makeAppCard(client, { gone: focusNext }));
  const lead = element("p", { class: "quiet" }, t("apps.lead"));
  let newest;
  let hadAccounts;

  fill(panel, element("header", { class: "head" }, element("h1", {}, t("apps.title")), lead), none, list, foot);

  return { update };

  function update(overview) {
    newest = overview;
    const isEmpty = overview.clients.length === 0;
    const hasAccounts = overview.accounts.length > 0;
    sync(overview.clients, overview);
    show(lead, !isEmpty);
    show(foot, overview.clients.length > 1 || question.childElementCount > 0);
    if (!isEmpty) fill(none);
    // Made anew only when its words change, so that a button in it keeps the focus.
    else if (!none.hasChildNodes() || hadAccounts !== hasAccounts) fill(none, nothing(overview));
    hadAccounts = hasAccounts;
  }

  function nothing({ status, accounts }) {
    const why = [t("apps.empty_why"), ...(accounts.length === 0 ? [t("apps.empty_account")] : [])];
    const connect = iconButton("connect", t("apps.connect"), { class: "accent", onclick: () => go("connect") });
    return emptyState("apps", t("apps.empty"), why, connect, copyButton(t("apps.copy_address"), () => mcpAddress(newest?.status ?? status)));
  }

  function askAll() {
    const count = newest.clients.length;
    show(revokeAll, false);
    confirmIn(question, {
      question: t("apps.revoke_all_ask", { count }),
      means: [t("apps.revoke_all_means")],
      doIt: t("apps.revoke_all_do", { count }),
      keep: t("apps.keep"),
      work: () => ask("apps_revoke_all"),
      done() {
        show(revokeAll, true);
        say(t("apps.all_revoked"));
        panel.focus();
      },
      closed() {
        show(revokeAll, true);
        revokeAll.focus();
      },
    });
  }

  function focusNext(name) {
    say(phrase("apps.revoked", { name }));
    panel.focus();
  }
}
