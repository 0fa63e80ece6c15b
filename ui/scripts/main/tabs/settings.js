// What a person can set. Every control shows what the bridge said last, and moves when it has said something else.

import { ask } from "../../bridge.js";
import { element, fill, show } from "../../dom.js";
import { t } from "../../words.js";
import { confirmIn } from "../parts/confirmation.js";
import { iconButton } from "../parts/icon.js";
import { portSetting } from "./port_setting.js";
import { resetSection } from "./reset.js";
import { choiceRow, restartLine, row, switchRow } from "./setting_rows.js";
import { updateSetting } from "./update_setting.js";

const APPEARANCES = ["system", "light", "dark"];
/** Each in its own words, so that whoever is lost finds the way back. */
const LANGUAGES = { en: "English", de: "Deutsch" };
const DAYS = [7, 30, 90, 365];

const change = (name) => (value) => ask("settings_change", { change: { [name]: value } });

export function makeSettings(panel, overview) {
  const rows = [
    switchRow("paused", ({ settings }) => settings.paused, change("paused")),
    switchRow("login", ({ start_at_login: login }) => login, (on) => ask("settings_start_at_login", { on })),
    switchRow("notifications", ({ settings }) => settings.notifications, change("notifications")),
    updateSetting(),
    choiceRow("appearance", APPEARANCES.map((value) => [value, t(`settings.appearance_${value}`)]), ({ settings }) => settings.appearance, change("appearance")),
    choiceRow(
      "language",
      [["", t("settings.language_system")], ...Object.entries(LANGUAGES)],
      ({ settings }) => settings.language ?? "",
      (value) => change("language")(value || null),
    ),
    keepRow(overview),
    portSetting(),
    quitRow(),
  ];

  fill(panel, element("header", { class: "head" }, element("h1", {}, t("settings.title"))), element("div", { class: "card rows" }, ...rows.map(({ root }) => root)), resetSection().root);

  return { update: (fresh) => rows.forEach((each) => each.update?.(fresh)) };
}

function keepRow(overview) {
  const choice = choiceRow("keep", daysOf(overview), ({ configured_activity_days: days }) => String(days), (value) => ask("settings_activity_days", { days: Number(value) }));
  const restart = restartLine(choice.failure);
  choice.root.append(restart.root);
  return { root: choice.root, update };

  function update(fresh) {
    const { activity_days: now, configured_activity_days: then } = fresh;
    choice.update(fresh);
    restart.set(then === now ? undefined : { now: daysText(now), then: daysText(then) });
  }
}

/** The configuration may hold a number that is none of ours. */
function daysOf({ activity_days: now, configured_activity_days: then }) {
  const days = [...new Set([...DAYS, now, then])].sort((a, b) => a - b);
  return days.map((count) => [String(count), daysText(count)]);
}

function daysText(count) {
  return t("settings.days", { count });
}

function quitRow() {
  const place = element("div");
  const quit = iconButton("close", t("settings.quit_do"), { class: "stop", onclick: askQuit });
  const { root } = row("quit", quit);
  root.append(place);
  return { root };

  function askQuit() {
    show(quit, false);
    confirmIn(place, {
      question: t("settings.quit_ask"),
      means: [t("settings.quit_why")],
      doIt: t("settings.quit_do"),
      keep: t("main.cancel"),
      work: () => ask("app_quit"),
      closed() {
        show(quit, true);
        quit.focus();
      },
    });
  }
}
