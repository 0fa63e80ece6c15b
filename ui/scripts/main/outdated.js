// After a change of the bridge's address every app still has the old one. One press connects them all anew, each as its
// card would; what a person then does in each of them is said until it is closed.

import { Failed, ask } from "../bridge.js";
import { element, fill, phrase } from "../dom.js";
import { explain, t } from "../words.js";
import { banner } from "./parts/banner.js";
import { nextStep } from "./tabs/connect_result.js";

/** `banners(apps)` are pairs as in banners.js; `changed()` has them shown anew. */
export function makeOutdated({ changed }) {
  const sentence = element("span");
  const press = element("span");
  let apps = [];
  let connected = [];
  let result;

  return { banners };

  function banners(fresh) {
    apps = fresh;
    const count = apps.length;
    if (count > 0) {
      fill(sentence, phrase("main.outdated", { count, name: apps[0].name }), " ", t("main.outdated_means", { count }));
      fill(press, t("main.connect_again", { count }));
    }
    return [
      ...(count > 0 ? [["outdated", () => banner("warn", [sentence], { words: press, press: connectAgain })]] : []),
      ...(connected.length > 0 ? [[`connected again ${connected.map(({ id }) => id).join()}`, told]] : []),
    ];
  }

  /** One that fails does not keep the others from it. */
  async function connectAgain() {
    const failures = [];
    for (const { id } of apps) {
      try {
        const { app } = await ask("connect_app", { id, replace: false });
        connected = [...connected.filter((each) => each.id !== id), app];
      } catch (failure) {
        failures.push(explain(failure));
      }
    }
    changed();
    // The pressed button goes.
    if (failures.length === 0) result.querySelector("button").focus();
    // Said already in the person's language: no word is kept under this code.
    if (failures.length > 0) throw new Failed("not_connected_again", [...new Set(failures)].join(" "));
  }

  function told() {
    const signingIn = connected.filter(({ next }) => next !== "first_use");
    const words = [phrase("main.connected_again", { count: connected.length, name: connected[0].name }), " ", signingIn.length > 0 && t("main.sign_in_again")];
    const steps = element("ul", {}, ...connected.map((app) => element("li", {}, nextStep(app))));
    result = banner("note", words.filter(Boolean), { words: t("connect.close"), press: close }, steps);
    return result;
  }

  async function close() {
    connected = [];
    changed();
  }
}
