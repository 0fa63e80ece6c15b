// A press that asks the bridge for something: the button waits, tells when that takes longer than a second, and what
// failed is told beside it.

import { element, fill } from "../../dom.js";
import { explain, t } from "../../words.js";
import { say } from "./say.js";

const SLOW = 1000;
const LONG = 10_000;

/** Where a failure is told; empty until there is one. */
export function failureSlot() {
  return element("p", { class: "said failed", role: "alert" });
}

/**
 * Does `work` for a press on `button`, which keeps the focus and ignores further presses meanwhile. Says whether it
 * succeeded. `slow` is said after a second; `told(failure)` may tell a failure in a better place than `slot`.
 */
export async function perform(button, slot, work, { slow = t("main.working"), told = () => false } = {}) {
  if (button.getAttribute("aria-busy") === "true") return false;
  button.setAttribute("aria-busy", "true");
  button.setAttribute("aria-disabled", "true");
  fill(slot);
  const patience = [
    setTimeout(() => {
      button.classList.add("is-slow");
      say(slow);
    }, SLOW),
    setTimeout(() => say(t("main.takes_long")), LONG),
  ];
  try {
    await work();
    return true;
  } catch (failure) {
    if (!told(failure)) fill(slot, explain(failure));
    return false;
  } finally {
    patience.forEach(clearTimeout);
    button.classList.remove("is-slow");
    button.removeAttribute("aria-busy");
    button.removeAttribute("aria-disabled");
  }
}
