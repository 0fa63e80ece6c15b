// The consent window: asks what the question is, draws it, and carries the answer back.

import { ask } from "../bridge.js";
import { byId, dress } from "../dom.js";
import { account } from "./account.js";
import { answering } from "./answer.js";
import { showAsker } from "./asker.js";
import { foldable } from "./details.js";
import { listenToKeys } from "./keys.js";
import { permissions } from "./permissions.js";
import { showPlace } from "./place.js";
import { followHeight, neededHeight } from "./size.js";
import { countDown } from "./time_left.js";

dress();
const details = foldable();
const answer = answering();
listenToKeys({ refuse: answer.refuse, fold: details.fold });

await appear(await draw());

/** Draws the question, or that there is none; says what gets the focus. */
async function draw() {
  try {
    const { request, place, accounts, suggested_account, problems, now } = await ask("consent_question");
    showAsker(request, details);
    const asked = permissions(request.scopes);
    const chosen = account({ accounts, suggested: suggested_account, problems }, answer.moveOn);
    answer.about(asked, chosen);
    showPlace(place, answer.sleep);
    countDown(request.expires_at, now);
    return chosen.focus;
  } catch (failure) {
    answer.impossible(failure);
    return () => byId("who").focus();
  }
}

/**
 * Everything is in its place: the window may be seen. No frame is waited for before that, because a window that is
 * not on the screen draws none.
 * @param {() => void} focus
 */
async function appear(focus) {
  // A window that does not take its size is shown all the same, a little later.
  await ask("consent_shown", { height: neededHeight() }).catch(() => {});
  focus();
  followHeight();
  requestAnimationFrame(() => requestAnimationFrame(answer.painted));
}
