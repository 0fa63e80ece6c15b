// What unfolds under "Details", for those who want every fact.

import { byId, element, fill, show } from "../dom.js";
import { t } from "../words.js";

export function foldable() {
  const button = byId("details-button");
  const details = byId("details");

  /** @param {boolean} isOpen */
  function unfold(isOpen) {
    button.setAttribute("aria-expanded", String(isOpen));
    show(details, isOpen);
    if (isOpen) details.scrollIntoView({ block: "nearest" });
  }

  button.addEventListener("click", () => unfold(details.hidden));

  return {
    /** @param {[string, Node | string][]} facts */
    fill(facts) {
      const lines = facts.map(([key, value]) =>
        element("div", {}, element("dt", {}, t(key)), element("dd", {}, value)),
      );
      fill(byId("details-facts"), ...lines);
    },
    /** Folds them; whether they were open. */
    fold() {
      if (details.hidden) return false;
      unfold(false);
      button.focus();
      return true;
    },
  };
}
