// How long the question still waits: worth saying in the last minute only. When it ends, the window is closed.

import { byId, show } from "../dom.js";
import { t } from "../words.js";

const SECOND = 1000;
const LAST = 60 * SECOND;

/**
 * @param {string} expiresAt RFC 3339
 * @param {string} now RFC 3339: the program's clock
 */
export function countDown(expiresAt, now) {
  const end = Date.now() + (Date.parse(expiresAt) - Date.parse(now));

  function tick() {
    const left = end - Date.now();
    if (left > LAST) {
      // A laptop that sleeps stops this clock too, so it looks again sooner than it would have to.
      setTimeout(tick, Math.min(left - LAST, LAST));
      return;
    }
    const isOver = left <= 0;
    byId("time-left").textContent = isOver
      ? t("consent.time_over")
      : t("consent.time_left", { count: Math.ceil(left / SECOND) });
    show(byId("time-left"), true);
    // Read out once, not every second.
    setTimeout(() => byId("time-left").setAttribute("aria-live", "off"), SECOND / 2);
    if (!isOver) setTimeout(tick, left % SECOND || SECOND);
  }

  tick();
}
