// The only door to the program behind the windows: commands go in, plain data comes out.

/**
 * What was put in place before any script ran.
 * @typedef {{language: string, words: Record<string, Record<string, string>>, appearance: string, version: string}} Surroundings
 */

/** @type {Surroundings} */
export const surroundings = Object.assign(
  { language: "en", words: {}, appearance: "system", version: "" },
  /** @type {any} */ (window).__bridge,
);

/**
 * Why a command did not do what it should; `code` is looked up in the words, which are filled in with `details`;
 * `message` is English.
 */
export class Failed extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {Record<string, string | number>} [details]
   */
  constructor(code, message, details = {}) {
    super(message);
    this.name = "Failed";
    this.code = code;
    this.details = details;
  }

  /**
   * Of whatever was thrown: a command throws `{code, message, …details}`, Tauri itself a text.
   * @param {unknown} thrown
   */
  static of(thrown) {
    if (thrown instanceof Failed) return thrown;
    const { code, message, ...details } = /** @type {{code?: string, message?: string}} */ (Object(thrown));
    return new Failed(code ?? "unexpected", message ?? String(thrown), details);
  }
}

/**
 * Runs a command of the program.
 * @param {string} command
 * @param {Record<string, unknown>} [args]
 * @returns {Promise<any>}
 * @throws {Failed}
 */
export async function ask(command, args) {
  try {
    return await /** @type {any} */ (window).__TAURI__.core.invoke(command, args);
  } catch (thrown) {
    throw Failed.of(thrown);
  }
}

/**
 * Calls `changed` with each new answer of a command that waits until there is something new to tell.
 * Ends without a word when the command fails: then there is nothing left to follow.
 * @template T
 * @param {string} command
 * @param {T} seen
 * @param {(answer: any) => T} changed shows the answer, and says what is seen from now on
 */
export async function follow(command, seen, changed) {
  for (;;) {
    let answer;
    try {
      answer = await ask(command, { seen });
    } catch {
      return;
    }
    seen = changed(answer);
  }
}
