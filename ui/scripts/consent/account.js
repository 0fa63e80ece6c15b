// Whose memories the app gets: an account that is there, one with a new key, or the sandbox.

import { ask } from "../bridge.js";
import { byId, element, show } from "../dom.js";
import { keyField } from "../key_field.js";
import { explain, problem, t } from "../words.js";

/**
 * @typedef {{id: string, label: string, key_hint: string, kind: "key" | "sandbox" | "environment", state: "ok" | "rejected" | "unchecked"}} Account
 * @typedef {{code: string, [detail: string]: any}} Problem
 * @typedef {{kind: "existing", id: string} | {kind: "key", key: string} | {kind: "same_key"} | {kind: "sandbox"}} Chosen
 */

/** Values of the list that are no account's id: those never contain a blank. */
const NOTHING = "";
const NEW_KEY = "new key";
const SANDBOX = "the sandbox";

/** What keeps a key from lasting, or anything from being written down. */
const MATTERS_FOR_KEYS = /^keychain_/;
const MATTERS_ALWAYS = ["disk_full", "data_read_only", "database_damaged", "database_failed"];

/**
 * @param {{accounts: Account[], suggested: string | null, problems: Problem[]}} known
 * @param {() => void} moveOn Enter was pressed in the key field
 */
export function account({ accounts, suggested, problems }, moveOn) {
  const list = byId("account");
  const key = keyField(byId("key"), { changed: () => say(""), entered: moveOn });
  const hasSandbox = accounts.some(({ kind }) => kind === "sandbox");
  let choice = first();
  /** Whether the bridge holds the key that was pasted last, because it could not be checked. */
  let isHeld = false;

  list.append(...options());
  list.value = choice;
  list.addEventListener("change", () => choose(list.value));
  byId("to-sandbox").addEventListener("click", () => choose(SANDBOX, byId("to-key")));
  byId("to-key").addEventListener("click", () => choose(NEW_KEY));
  byId("key-page").addEventListener("click", openKeyPage);
  show(byId("account-line"), accounts.length > 0);
  draw();

  function first() {
    if (accounts.length === 0) return NEW_KEY;
    return accounts.some(({ id }) => id === suggested) ? /** @type {string} */ (suggested) : NOTHING;
  }

  function options() {
    const made = accounts.map((one) => element("option", { value: one.id }, named(one)));
    if (choice === NOTHING) made.unshift(element("option", { value: NOTHING, disabled: true }, t("consent.choose_account")));
    made.push(element("option", { value: NEW_KEY }, t("consent.another_key")));
    if (!hasSandbox) made.push(element("option", { value: SANDBOX }, t("consent.sandbox")));
    return made;
  }

  /**
   * @param {string} value
   * @param {HTMLElement} [next] gets the focus, since what had it may be gone
   */
  function choose(value, next) {
    choice = value;
    byId("save-unchecked").checked = false;
    show(byId("save-line"), false);
    draw();
    if (value === NEW_KEY) key.focus();
    else next?.focus();
  }

  function draw() {
    const isKey = choice === NEW_KEY;
    show(byId("key"), isKey);
    show(byId("key-page"), isKey);
    show(byId("to-sandbox"), isKey && accounts.length === 0);
    show(byId("to-key"), choice === SANDBOX && accounts.length === 0);
    show(byId("helps"), isKey || (choice === SANDBOX && accounts.length === 0));
    say(meaning());
    const matters = problems.find(({ code }) => MATTERS_ALWAYS.includes(code) || (isKey && MATTERS_FOR_KEYS.test(code)));
    byId("trouble").textContent = matters ? problem(matters) : "";
    show(byId("trouble"), matters !== undefined);
  }

  /** What there is to know about what is chosen. */
  function meaning() {
    if (choice === SANDBOX) return t("consent.sandbox_means");
    const state = accounts.find(({ id }) => id === choice)?.state;
    if (state === "rejected") return t("consent.account_rejected");
    return state === "unchecked" ? t("consent.account_unchecked") : "";
  }

  /**
   * @param {string} text
   * @param {boolean} [isFailure]
   */
  function say(text, isFailure = false) {
    byId("account-said").className = isFailure ? "said failed" : "said note";
    byId("account-said").textContent = text;
  }

  async function openKeyPage() {
    try {
      await ask("open_key_page");
    } catch (failure) {
      say(explain(failure), true);
    }
  }

  return {
    /** Whether something usable is chosen; if not, it says what is missing. */
    check() {
      if (choice === NEW_KEY && key.isEmpty() && isHeld) return true;
      if (choice === NEW_KEY && key.isEmpty()) key.say(t("consent.key_missing"), "stop");
      else if (choice === NOTHING) say(t("consent.account_missing"), true);
      else if (choice !== NEW_KEY || key.check()) return true;
      (choice === NEW_KEY ? key : list).focus();
      return false;
    },
    /**
     * Gives the choice away; a key is not kept here.
     * @returns {{account: Chosen, save_unchecked: boolean}}
     */
    take() {
      const save_unchecked = byId("save-unchecked").checked;
      if (choice === SANDBOX) return { account: { kind: "sandbox" }, save_unchecked };
      if (choice === NEW_KEY && key.isEmpty()) return { account: { kind: "same_key" }, save_unchecked };
      if (choice === NEW_KEY) return { account: { kind: "key", key: key.take() }, save_unchecked };
      return { account: { kind: "existing", id: choice }, save_unchecked };
    },
    isNewKey: () => choice === NEW_KEY,
    /** @param {unknown} failure about the key or the sandbox */
    failed(failure) {
      if (choice !== NEW_KEY) {
        say(explain(failure), true);
        return;
      }
      isHeld = /** @type {any} */ (failure).code === "key_not_checked";
      key.say(isHeld ? t("consent.key_held") : explain(failure), "stop");
      if (isHeld) key.recall();
      show(byId("save-line"), isHeld);
      byId("key").scrollIntoView({ block: "nearest" });
      key.focus();
    },
    /** @param {boolean} isOn */
    enable(isOn) {
      key.enable(isOn);
      for (const id of ["account", "save-unchecked", "to-sandbox", "to-key"]) byId(id).disabled = !isOn;
    },
    /** Where typing is most likely wanted first, which is never a button. */
    focus: () => (choice === NEW_KEY ? key : byId("who")).focus(),
  };
}

/** @param {Account} account */
function named({ label, key_hint, kind, state }) {
  const name = kind === "sandbox" || key_hint === "" ? label : `${label} ${key_hint}`;
  return state === "rejected" ? t("consent.needs_key", { account: name }) : name;
}
