// The two buttons, and what becomes of an answer.

import { Failed, ask } from "../bridge.js";
import { byId, element, fill, show } from "../dom.js";
import { guard } from "../guard.js";
import { explain, t } from "../words.js";

/** Waiting that is this short needs no words. */
const NOTICEABLE = 1000;
/** From here on it is worth saying that it takes long. */
const LONG = 10_000;

const ABOUT_THE_ACCOUNT = ["not_a_key", "key_rejected", "key_not_checked", "unknown_account", "sandbox_unavailable"];

/** @typedef {ReturnType<typeof import("./permissions.js").permissions>} Permissions */
/** @typedef {ReturnType<typeof import("./account.js").account>} Account */

export function answering() {
  const allowButton = byId("allow");
  /** @type {Permissions} */
  let permissions;
  /** @type {Account} */
  let account;
  let isAsking = false;
  const allowing = guard(allowButton, allow);
  byId("deny").addEventListener("click", refuse);
  byId("deny-all").addEventListener("click", () => refuseBy("consent_deny_all"));

  async function allow() {
    if (isAsking || !account) return;
    say("");
    const scopes = permissions.allowed();
    if (scopes.length === 0) {
      say(t("failure.nothing_allowed"));
      permissions.focus();
      return;
    }
    if (!account.check()) return;
    wait(true);
    try {
      await ask("consent_allow", { answer: { scopes, ...account.take() } });
      ended(t("consent.allowed"));
    } catch (thrown) {
      wait(false);
      const failure = Failed.of(thrown);
      if (ABOUT_THE_ACCOUNT.includes(failure.code)) account.failed(failure);
      else say(explain(failure));
    }
  }

  function refuse() {
    return refuseBy("consent_deny");
  }

  /** @param {string} command */
  async function refuseBy(command) {
    try {
      await ask(command);
      ended(t("consent.refused"));
    } catch (failure) {
      say(explain(failure));
    }
  }

  let patience = /** @type {number[]} */ ([]);

  /** @param {boolean} isWaiting */
  function wait(isWaiting) {
    isAsking = isWaiting;
    allowing.busy(isWaiting);
    permissions.enable(!isWaiting);
    account.enable(!isWaiting);
    patience.forEach(clearTimeout);
    progress("");
    if (!isWaiting) return;
    const words = account.isNewKey() ? "consent.checking" : "consent.working";
    patience = [
      setTimeout(() => progress(t(words)), NOTICEABLE),
      setTimeout(() => progress(t("consent.takes_long")), LONG),
    ];
  }

  /** @param {string} text the window closes any moment */
  function ended(text) {
    patience.forEach(clearTimeout);
    isAsking = true;
    allowing.busy(true);
    progress(text);
  }

  /** @param {string} text */
  function progress(text) {
    byId("progress").textContent = text;
  }

  /** @param {string} text */
  function say(text) {
    byId("said").textContent = text;
  }

  return {
    refuse,
    painted: allowing.painted,
    sleep: allowing.sleep,
    /**
     * @param {Permissions} asked
     * @param {Account} chosen
     */
    about(asked, chosen) {
      permissions = asked;
      account = chosen;
    },
    /** From the key field on to the button; whoever presses Enter twice has not read it. */
    moveOn() {
      allowButton.focus();
      allowing.sleep();
    },
    /** @param {unknown} failure why there is no question to answer */
    impossible(failure) {
      fill(byId("who"), element("span", { class: "name" }, t("consent.impossible")));
      for (const id of ["initial", "facts", "permissions", "helps", "allow", "take-back"]) show(byId(id), false);
      say(explain(failure));
    },
  };
}
