// Keeps a click or a key that was meant for another window from pressing a button here: the button sleeps until the
// window has been seen and had the focus for a while, and again after each return of the focus.

/** Long enough to stop what is under way, too short to be waited for. */
export const SLEEP = 600;

/**
 * Guards a button. It stays reachable by keyboard while it sleeps, so the focus is never lost; it only does nothing.
 * @param {HTMLElement} button
 * @param {() => void} pressed
 */
export function guard(button, pressed) {
  let isPainted = false;
  let isBusy = false;
  let isAwake = false;
  let alarm = 0;
  /** Whether the press that is under way began while awake; none: no pointer and no key is down. */
  let began = /** @type {boolean | undefined} */ (undefined);
  /** Whether Enter is down on the button. */
  let isEntered = false;

  function sleep() {
    clearTimeout(alarm);
    isAwake = false;
    if (isPainted && !isBusy && document.hasFocus()) alarm = setTimeout(wake, SLEEP);
    draw();
  }

  function wake() {
    isAwake = document.hasFocus();
    draw();
  }

  function draw() {
    button.setAttribute("aria-disabled", String(!isAwake));
  }

  addEventListener("focus", sleep);
  addEventListener("blur", sleep);
  addEventListener("blur", () => (isEntered = false));
  document.addEventListener("visibilitychange", sleep);

  button.addEventListener("pointerdown", () => (began = isAwake));
  // The first that is seen of a key which was held since before the focus came is no repetition, and may be as late as
  // the keyboard's delay, which is longer than the sleep. What follows of it are repetitions, so Enter, like the blank,
  // presses when it is let go, and only if there were none.
  addEventListener("keydown", (event) => event.repeat && (began = false), { capture: true });
  button.addEventListener("keydown", (event) => {
    if (event.repeat) return;
    began = isAwake;
    isEntered = event.key === "Enter";
    if (isEntered) event.preventDefault();
  });
  button.addEventListener("keyup", (event) => {
    if (event.key === "Enter" && isEntered) button.click();
    isEntered = false;
  });
  // Once the click that belongs to it has been dispatched.
  for (const end of ["pointerup", "pointercancel", "keyup"]) {
    addEventListener(end, () => setTimeout(() => (began = undefined)));
  }
  button.addEventListener("click", () => {
    const isMeant = isAwake && began !== false;
    began = undefined;
    if (isMeant) pressed();
  });
  draw();

  return {
    sleep,
    /** The window is on the screen. */
    painted() {
      isPainted = true;
      sleep();
    },
    /** @param {boolean} busy nothing can be pressed meanwhile */
    busy(busy) {
      isBusy = busy;
      sleep();
    },
  };
}

/** A key that is held down presses nothing anywhere on the page: it may have been held since before the window came. */
export function ignoreHeldKeys() {
  addEventListener(
    "keydown",
    (event) => {
      const presses = event.key === "Enter" || event.key === " " || event.key === "Escape" || event.altKey;
      if (!event.repeat || !presses) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    { capture: true },
  );
}

/**
 * Tells whether Alt went down while the page had the focus. Held since before that, it belongs to what was under way
 * elsewhere, and the letter with it: of two keys that are held only the letter comes again.
 * @returns {() => boolean}
 */
export function watchAlt() {
  let isOurs = false;
  addEventListener("focus", () => (isOurs = false));
  addEventListener("blur", () => (isOurs = false));
  addEventListener("keydown", (event) => event.key === "Alt" && (isOurs = true), { capture: true });
  return () => isOurs;
}
