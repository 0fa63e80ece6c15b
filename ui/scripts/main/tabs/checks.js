// The doctor's list: each subject is asked for by itself, so that what hangs holds up nothing but its own line.

import { ask } from "../../bridge.js";
import { element, fill } from "../../dom.js";
import { t } from "../../words.js";
import { iconButton } from "../parts/icon.js";
import { waiting } from "../parts/states.js";
import { finding, line } from "./findings.js";

/** What takes longer gets a line that says so. */
const SLOW = 1000;

/** `examined()` is called when all is known. */
export function makeChecks(subjects, { examined }) {
  const again = iconButton("refresh", t("doctor.again"), { onclick: examine });
  const summary = element("p", { class: "strong", role: "status" });
  const places = new Map(subjects.map((subject) => [subject, element("ul", { class: "findings" })]));
  const own = element("ul", { class: "findings" });
  const list = element("div", { class: "findings" }, ...places.values(), own);
  const root = element("section", { class: "card" }, element("div", { class: "row row-apart" }, element("h2", {}, t("doctor.checks")), again), summary, list);
  let isExamining = false;

  return { root, examine, update };

  async function examine() {
    if (isExamining) return;
    isExamining = true;
    list.setAttribute("aria-busy", "true");
    again.setAttribute("aria-disabled", "true");
    fill(summary, t("doctor.examining"));
    const states = (await Promise.all(subjects.map(look))).flat();
    isExamining = false;
    list.removeAttribute("aria-busy");
    again.removeAttribute("aria-disabled");
    fill(summary, sum(states));
    examined();
  }

  /** Fills the place of a subject; gives its states. */
  async function look(subject) {
    const place = places.get(subject);
    const slow = setTimeout(() => fill(place, element("li", {}, waiting(t("doctor.looking", { check: t(`doctor.${subject}`) })))), SLOW);
    try {
      const checks = await ask("doctor_examine", { subject });
      fill(place, ...checks.map(finding));
      return checks.map(({ state }) => state);
    } catch {
      fill(place, line("unknown", t(`doctor.${subject}`), t("doctor.not_examined")));
      return ["unknown"];
    } finally {
      clearTimeout(slow);
    }
  }

  function update({ has_tray: hasTray, has_lost_bus: hasLostBus }) {
    // That the bus is gone is told above every section.
    const isWithoutTray = !hasTray && !hasLostBus;
    const wanted = isWithoutTray ? 1 : 0;
    if (own.childElementCount !== wanted) fill(own, isWithoutTray && line("note", t("doctor.start"), t("diagnostics.no_tray")));
  }
}

function sum(states) {
  const count = (wanted) => states.filter((state) => state === wanted).length;
  const [faults, warnings] = [count("failed"), count("warning")];
  if (faults > 0) return t("doctor.faults", { count: faults });
  return warnings > 0 ? t("doctor.warnings", { count: warnings }) : t("doctor.healthy");
}
