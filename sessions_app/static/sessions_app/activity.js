/** What the tutor is doing just now, in a line. */

import { gettext } from "./words.js";

/** By the tool that runs. */
const DOING = {
  check_answer: gettext("Checking your answer…"),
  check_explanation: gettext("Reading your explanation…"),
  clarify_concept: gettext("Looking for a good explanation…"),
  give_hint: gettext("Thinking of a hint…"),
  generate_variant: gettext("Making up a question…"),
};
const ENDS = /^tool\.(finished|failed|timed_out|cancelled)$/;

export class Activity {
  #place;
  #turn = null;
  #recovering = false;
  /** Calls of the running turn: call → name of the tool. */
  #calls = new Map();

  constructor(place) {
    this.#place = place;
  }

  get isBusy() {
    return this.#turn !== null;
  }

  /** What runs as a view is opened; null: nothing. */
  begin(turn) {
    this.#turn = turn;
    this.#recovering = false;
    if (turn === null) this.#calls.clear();
  }

  add({ t, d, turn }) {
    if (t === "turn.started") this.begin(turn);
    else if (t === "turn.recovering") this.#recovering = true;
    else if (t === "turn.finished" && this.#turn === turn) this.begin(null);
    else if (t === "session.rewound" || t === "session.restored") this.begin(null);
    else if (t === "tool.requested" && turn) this.#calls.set(d.call, d.name);
    else if (ENDS.test(t)) this.#calls.delete(d.call);
  }

  /** `isWriting`: its text is on the screen, and says enough. */
  show(isWriting) {
    const words = this.#words(isWriting);
    if (this.#place.textContent !== words) this.#place.textContent = words;
  }

  #words(isWriting) {
    if (this.#turn === null && this.#calls.size === 0) return "";
    if (this.#recovering) return gettext("A helper was lost; the tutor tries again…");
    const tool = [...this.#calls.values()].at(-1);
    if (tool) return isWriting ? "" : (DOING[tool] ?? gettext("Working on it…"));
    return isWriting ? "" : gettext("Thinking…");
  }
}
