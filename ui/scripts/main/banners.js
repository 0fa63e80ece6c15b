// What cannot wait until somebody opens the right section: a question, a problem, a key that is not accepted. Each with
// what helps, in one press.

import { ask } from "../bridge.js";
import { element, phrase } from "../dom.js";
import { problem, t } from "../words.js";
import { go } from "./navigation.js";
import { makeOutdated } from "./outdated.js";
import { nameOf } from "./parts/account_name.js";
import { banner } from "./parts/banner.js";

const shown = new Map();
const outdated = makeOutdated({ changed: () => showBanners(...last) });
let last;

/**
 * Shows what is to be told now; `failure` is why there is no newer overview. A banner that stays keeps its element: it is
 * read out once, and keeps the focus.
 */
export function showBanners(place, overview, failure) {
  last = [place, overview, failure];
  const wanted = failure ? [[`lost ${failure.code}`, () => lost(failure)], ...banners(overview)] : banners(overview);
  const names = new Set(wanted.map(([name]) => name));
  for (const [name, banner] of shown) {
    if (names.has(name)) continue;
    banner.remove();
    shown.delete(name);
  }
  let before = place.firstElementChild;
  for (const [name, make] of wanted) {
    if (!shown.has(name)) shown.set(name, make());
    const banner = shown.get(name);
    // One that is where it belongs is not moved: that would take the focus from it.
    if (banner === before) before = before.nextElementSibling;
    else place.insertBefore(banner, before);
  }
}

/** Pairs of a name, by which the same banner is known again, and how it is made. */
function banners({ status, problems, lost_apps: lostApps, outdated_apps: outdatedApps, requests, accounts, settings, has_lost_bus: hasLostBus, is_replaced: isReplaced }) {
  const rejected = accounts.filter(({ state }) => state === "rejected");
  return [
    ...(requests.length > 0 ? [[`asks ${requests[0].id} ${requests.length}`, () => asks(requests)]] : []),
    ...problems.map((each) => [`problem ${JSON.stringify(each)}`, () => banner("stop", [problem(each)])]),
    ...rejected.map((account) => [`rejected ${account.id} ${account.label}`, () => keyWanted(account)]),
    ...lostApps.map((app) => [`lost connection ${app.id}`, () => lostConnection(app)]),
    ...outdated.banners(outdatedApps),
    ...(hasLostBus ? [["lost bus", lostBus]] : []),
    ...(isReplaced ? [["replaced", replaced]] : []),
    ...(settings.paused ? [["paused", paused]] : []),
    ...(status.state === "offline" ? [["offline", () => banner("warn", [t("main.offline")])]] : []),
  ];
}

function asks(requests) {
  const [{ id, client_name: name, code }] = requests;
  const words = requests.length === 1 ? phrase("main.asks", { name, code: element("strong", { class: "fixed" }, code) }) : t("main.ask", { count: requests.length });
  return banner("wait", [words], { words: t("main.show"), press: () => ask("show_request", { id }), isMain: true });
}

function keyWanted(account) {
  const press = async () => go("accounts", account.id, "key");
  return banner("stop", [phrase("main.rejected", { account: nameOf(account) })], { words: t("main.replace_key"), press });
}

function lostConnection({ id, name }) {
  const press = async () => go("connect", id);
  return banner("warn", [phrase("main.lost_connection", { name })], { words: t("main.to_repair"), press });
}

function lostBus() {
  return banner("warn", [t("main.lost_bus")], { words: t("main.restart"), press: restart });
}

function replaced() {
  return banner("note", [t("main.replaced")], { words: t("main.restart"), press: restart });
}

function restart() {
  return ask("app_restart");
}

function paused() {
  const press = () => ask("settings_change", { change: { paused: false } });
  return banner("rest", [t("main.paused")], { words: t("main.resume"), press });
}

function lost({ code }) {
  return banner("warn", [t(code === "store_failed" ? "main.unreadable" : "main.lost")]);
}
