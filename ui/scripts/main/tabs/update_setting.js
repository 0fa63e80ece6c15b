// Whether it is asked for new versions, what is known of them, and asking now. What is sent is said here in full, so that
// nobody has to guess what the switch means.

import { ask } from "../../bridge.js";
import { element, fill, phrase, show, timeAgo } from "../../dom.js";
import { t } from "../../words.js";
import { iconButton } from "../parts/icon.js";
import { perform } from "../parts/perform.js";
import { say } from "../parts/say.js";
import { row } from "./setting_rows.js";

export function updateSetting() {
  const toggle = element("input", { type: "checkbox", role: "switch", onclick: flip });
  const { root, failure, why } = row("update_check", toggle);
  const known = element("p", { class: "setting-words", role: "status" });
  const check = iconButton("refresh", t("update.check"), { onclick: checkNow });
  const open = iconButton("external", t("update.open"), { class: "accent", onclick: () => perform(open, failure, () => ask("updates_open_page")) });
  const line = element("div", { class: "setting-line" }, known, element("div", { class: "row" }, check, open));
  let own = "";
  let told = "";
  failure.before(line);

  return { root, update };

  function update({ updates, status }) {
    own = status.version;
    toggle.checked = updates.mode === "on";
    draw(updates);
  }

  function draw(updates) {
    const mayAsk = updates.mode === "on" || updates.mode === "off";
    toggle.disabled = !mayAsk;
    fill(why, mayAsk ? phrase("settings.update_check_why", { host: new URL(updates.page).host }) : t(`update.${updates.mode}`));
    show(line, mayAsk);
    show(open, mayAsk && updates.newer !== null);
    // It is read out when it changes, not with every other news.
    const fresh = JSON.stringify([updates.newer, updates.trouble, updates.checked_at]);
    if (fresh !== told) fill(known, mayAsk && outcome(updates));
    told = fresh;
  }

  function outcome({ newer, trouble, checked_at: at }) {
    if (newer !== null) return phrase("update.out", { version: newer, own });
    if (trouble !== null) return t("update.could_not", { reason: reasonOf(trouble) });
    return at === null ? t("update.unknown") : phrase("update.current", { when: timeAgo(at) });
  }

  async function checkNow() {
    let answer;
    const isDone = await perform(
      check,
      failure,
      async () => {
        answer = await ask("updates_check");
      },
      { slow: t("update.asking") },
    );
    if (!isDone) return;
    draw(answer);
    // What went wrong this time, although an earlier answer is shown.
    fill(failure, answer.newer !== null && answer.trouble !== null && t("update.could_not", { reason: reasonOf(answer.trouble) }));
    if (answer.newer === null && answer.trouble === null) say(t("update.up_to_date"));
  }

  async function flip(event) {
    // While the press is under way the box is checked already; this takes that back.
    const isOn = toggle.checked;
    event.preventDefault();
    let settings;
    const isDone = await perform(toggle, failure, async () => {
      settings = await ask("settings_change", { change: { update_check: isOn } });
    });
    if (!isDone) return;
    toggle.checked = settings.update_check;
    say(`${t("settings.update_check")}: ${t(settings.update_check ? "settings.on" : "settings.off")}`);
  }
}

function reasonOf({ code, ...details }) {
  return t(`update.trouble_${code}`, details);
}
