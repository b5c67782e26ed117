/**
 * Going back to an earlier line of one's own: change it, or choose again, and go on from there. What came after it is
 * taken back (and can be brought back), or the new line begins a branch and this lesson stays as it is.
 */

import { gettext } from "./words.js";

export class Editing {
  #place = document.getElementById("editing");
  #words = document.getElementById("editing-words");
  #branch = document.getElementById("editing-branch");
  #go = document.getElementById("editing-go");
  #onEnd;
  /** {seq, isChoice} while a line is edited: the seq to go back to. */
  now = null;

  /** `onGo()` when going back alone is wanted; `onEnd()` when editing is over, whatever came of it. */
  constructor(onGo, onEnd) {
    this.#onEnd = onEnd;
    this.#go.addEventListener("click", onGo);
    document.getElementById("editing-leave").addEventListener("click", () => this.end());
    this.#branch.addEventListener("change", () => this.#show());
  }

  get inBranch() {
    return this.#branch.checked;
  }

  begin(seq, isChoice) {
    this.now = { seq, isChoice };
    this.#branch.checked = false;
    this.#place.hidden = false;
    this.#show();
  }

  end() {
    if (this.now === null) return;
    this.now = null;
    this.#place.hidden = true;
    this.#onEnd();
  }

  #show() {
    const { isChoice } = this.now;
    this.#go.hidden = !isChoice;
    if (this.inBranch) this.#words.textContent = gettext("You go on from an earlier line, in a branch of its own.");
    else if (isChoice) this.#words.textContent = gettext("You go back to before this answer. What came after it is taken back.");
    else this.#words.textContent = gettext("You are changing an earlier line. When you send it, what came after it is taken back.");
  }
}
