// The one source of what is shown: asked once, then again whenever something changed. Nothing is shown before the bridge
// said it, and that it says nothing is told too.

import { ask } from "../bridge.js";

/** Milliseconds until the next attempt, by how many failed; the last one stays. */
const PATIENCE = [500, 1000, 2000, 5000];
/** Milliseconds between two states: an app that calls a hundred times a second is not drawn a hundred times. */
const BREATH = 200;

/**
 * Calls `heard(overview)` with each new state, for as long as the window lives, and `lost(failure, again)` whenever the
 * bridge does not answer, or only with a failure; `again` asks at once.
 */
export async function keepUp({ heard, lost }) {
  let seen;
  let failures = 0;
  for (;;) {
    let overview;
    try {
      overview = await (seen === undefined ? ask("overview") : ask("overview_next", { seen }));
    } catch (failure) {
      const pause = PATIENCE[Math.min(failures, PATIENCE.length - 1)];
      failures += 1;
      seen = undefined;
      await new Promise((resolve) => {
        lost(failure, resolve);
        setTimeout(resolve, pause);
      });
      continue;
    }
    failures = 0;
    ({ seen } = overview);
    try {
      heard(overview);
    } catch (fault) {
      // A part that cannot be drawn must not stop the others from following.
      reportError(fault);
    }
    await new Promise((resolve) => setTimeout(resolve, BREATH));
  }
}
