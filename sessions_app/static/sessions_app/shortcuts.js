/**
 * Keyboard shortcuts. They are chords, never single letters: those belong to who types and to screen readers. By the
 * key's place (`code`), since with Alt many layouts write another letter.
 */

import { element } from "./element.js";
import { gettext } from "./words.js";

export class Shortcuts {
  /** code → {keys, words, run} */
  #chords = new Map();
  #dialog;
  #list;

  constructor(dialog, list, opener) {
    this.#dialog = dialog;
    this.#list = list;
    opener.addEventListener("click", () => this.#open());
    addEventListener("keydown", (event) => this.#press(event));
    this.add("KeyK", gettext("Show these shortcuts"), () => this.#open());
  }

  /** Alt + Shift + the key `code` (`KeyH`). `run` returns whether there was something to do. */
  add(code, words, run) {
    this.#chords.set(code, { keys: ["Alt", "Shift", code.replace("Key", "")], words, run });
  }

  /** A key that the page handles where it belongs, for the list only. */
  mention(keys, words) {
    this.#chords.set(keys.join(), { keys, words, run: null });
  }

  #press(event) {
    if (!event.altKey || !event.shiftKey || event.ctrlKey || event.metaKey || event.isComposing) return;
    const chord = this.#chords.get(event.code);
    if (!chord?.run) return;
    event.preventDefault();
    chord.run();
  }

  #open() {
    if (this.#dialog.open) return;
    this.#list.replaceChildren(
      ...[...this.#chords.values()].flatMap(({ keys, words }) => [
        element("dt", "", ...keys.flatMap((key, index) => [...(index ? [" + "] : []), element("kbd", "", key)])),
        element("dd", "", words),
      ]),
    );
    this.#dialog.showModal();
  }
}
