// What is worth telling about the state of the bridge, one line each: a shape, the cause and the cure.

import { element, phrase } from "../../dom.js";
import { problem, t } from "../../words.js";
import { nameOf } from "../parts/account_name.js";
import { mark } from "../parts/mark.js";

/** List items, what is worst first; one that says so when nothing is wrong. */
export function findings({ problems, status, accounts, settings, has_tray: hasTray }) {
  const account = (state) => accounts.filter((each) => each.state === state);
  const found = [
    ...problems.map((each) => line("stop", problem(each))),
    ...account("rejected").map((each) => line("stop", phrase("diagnostics.rejected", { account: nameOf(each) }))),
    ...(status.state === "offline" ? [line("warn", t("diagnostics.offline"))] : []),
    ...account("unchecked").map((each) => line("wait", phrase("diagnostics.unchecked", { account: nameOf(each) }))),
    ...(settings.paused ? [line("rest", t("diagnostics.paused"))] : []),
    ...(hasTray ? [] : [line("rest", t("diagnostics.no_tray"))]),
  ];
  return found.length > 0 ? found : [line("ok", t("diagnostics.healthy"))];
}

function line(kind, words) {
  return element("li", { class: `finding finding-${kind}` }, mark(kind), element("span", {}, words));
}
