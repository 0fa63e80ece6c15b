// The field for a key: hidden, with a way to look; takes nothing that cannot be a key; forgets it when it is taken.

import { element, fill } from "./dom.js";
import { PREFIX, cleaned, formOf } from "./key_form.js";
import { t } from "./words.js";

/** Nobody is told of a slip while they are still typing. */
const DONE_TYPING = 1000;
/** Shown where nothing is typed yet. */
const EMPTY = `${PREFIX}…`;

/** What a person may see of a key again. */
const HINT = 4;

/**
 * Builds the field into `mount`, an empty element.
 * @param {HTMLElement} mount
 * @param {{changed?: () => void, entered?: () => void, fits?: string}} [options] the text changed; Enter was pressed;
 *   what is said about a text of the right form
 */
export function keyField(mount, { changed = () => {}, entered = () => {}, fits = t("consent.key_fits") } = {}) {
  const id = mount.id;
  const input = element("input", {
    id: `${id}-input`,
    type: "password",
    autocomplete: "off",
    spellcheck: false,
    autocapitalize: "off",
    autocorrect: "off",
    "aria-describedby": `${id}-said`,
    placeholder: EMPTY,
    oninput: typed,
    onpaste: (/** @type {ClipboardEvent} */ event) => insert(event, event.clipboardData),
    ondrop: (/** @type {DragEvent} */ event) => insert(event, event.dataTransfer),
    onblur: () => document.hasFocus() && check(),
    onkeydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      if (!event.repeat) entered();
    },
  });
  const eye = element("button", { type: "button", class: "bare", onclick: () => reveal(input.type === "password") });
  const said = element("p", { id: `${id}-said`, class: "said note", "aria-live": "polite" });
  fill(
    mount,
    element("label", { htmlFor: input.id }, t("consent.key")),
    element("div", { class: "field" }, input, eye),
    said,
  );
  let typing = 0;
  let hint = EMPTY;
  reveal(false);

  function typed() {
    clearTimeout(typing);
    say("");
    const form = formOf(input.value);
    if (form === "key") say(fits, "ok");
    if (form === "other") typing = setTimeout(check, DONE_TYPING);
    changed();
  }

  /**
   * @param {Event} event
   * @param {DataTransfer | null} data
   */
  function insert(event, data) {
    event.preventDefault();
    const text = cleaned(data?.getData("text/plain") ?? "");
    if (text === undefined) {
      say(t("consent.pasted_no_key"), "stop");
      return;
    }
    const [from, to] = text.startsWith(PREFIX) ? [0, input.value.length] : [input.selectionStart, input.selectionEnd];
    input.setRangeText(text, from, to, "end");
    typed();
  }

  /** Says what is wrong with what stands there; whether it is a key. */
  function check() {
    clearTimeout(typing);
    const form = formOf(input.value);
    if (form === "begun") say(t("consent.key_too_short"), "stop");
    if (form === "other") say(t("failure.not_a_key"), "stop");
    return form === "key";
  }

  /**
   * @param {string} text
   * @param {"note" | "ok" | "stop"} [how]
   */
  function say(text, how = "note") {
    said.className = how === "stop" ? "said failed" : `said ${how}`;
    said.textContent = text;
    input.setAttribute("aria-invalid", String(how === "stop"));
  }

  /** @param {boolean} isShown */
  function reveal(isShown) {
    input.type = isShown ? "text" : "password";
    const name = t(isShown ? "consent.hide_key" : "consent.show_key");
    eye.setAttribute("aria-label", name);
    eye.title = name;
    fill(eye, element("span", { class: `glyph glyph-${isShown ? "eye-off" : "eye"}`, "aria-hidden": "true" }));
  }

  return {
    check,
    say,
    isEmpty: () => input.value === "",
    focus: () => input.focus(),
    /** @param {boolean} isOn */
    enable(isOn) {
      input.disabled = !isOn;
      if (isOn) input.placeholder = EMPTY;
      eye.disabled = !isOn;
    },
    /** The key that was given away is still known elsewhere: its last characters stand where it was. */
    recall: () => void (input.placeholder = hint),
    /** Gives the key away and forgets it; while it is under way, its last characters are shown. */
    take() {
      const key = input.value;
      input.value = "";
      hint = `…${key.slice(-HINT)}`;
      input.placeholder = hint;
      reveal(false);
      say("");
      return key;
    },
  };
}
