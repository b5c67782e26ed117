/**
 * Messages that wait for the tutor: shown above the box, each with a way to take it out. A message that waits is a line
 * of the conversation only when its turn begins.
 */

import { button, element, icon } from "./element.js";
import { filled, gettext } from "./words.js";

const WAITS = new Set(["queued", "merged"]);

export class Queue {
  #place;
  #list;
  #remove;
  /** command → {text, frame, into}; `frame` null where only the server's list names it. */
  #waiting = new Map();

  /** `remove(command)` is called to take one out; without it they can only be seen. */
  constructor(place, list, remove = null) {
    this.#place = place;
    this.#list = list;
    this.#remove = remove;
  }

  clear() {
    this.#waiting.clear();
    this.#show();
  }

  /** What `welcome` says; events that follow bring it up to date. */
  begin(queue) {
    const known = new Map(queue.map(({ command, text }) => [command, this.#waiting.get(command) ?? { text, frame: null }]));
    // What joined another one waits as long as that does.
    for (const [command, one] of this.#waiting) if (known.has(one.into)) known.set(command, one);
    this.#waiting = known;
    this.#show();
  }

  /** Take an event in. Returns the events to show in its place: none while it waits, and then together with its turn. */
  take(frame) {
    const { t, d, cause } = frame;
    if (t === "message.accepted" && WAITS.has(d.disposition)) {
      this.#waiting.set(cause, { text: d.text, frame });
      this.#show();
      return [];
    }
    if (t === "message.merged") {
      const one = this.#waiting.get(cause);
      if (one) one.into = d.into;
    } else if (t === "turn.started" && this.#waiting.has(cause)) {
      return [...this.#drop(cause), frame];
    } else if (t === "message.removed") {
      this.#drop(d.command);
    } else if (t === "session.rewound" || t === "session.closed") {
      this.clear();
    }
    return [frame];
  }

  #drop(command) {
    const gone = [...this.#waiting].filter(([id, one]) => id === command || one.into === command);
    for (const [id] of gone) this.#waiting.delete(id);
    this.#show();
    return gone.map(([, one]) => one.frame).filter((frame) => frame !== null);
  }

  #show() {
    this.#place.hidden = this.#waiting.size === 0;
    this.#list.replaceChildren(...[...this.#waiting].map(([command, { text, into }]) => this.#line(command, text, into)));
  }

  #line(command, text, into) {
    const words = element("span", "text", text || gettext("An answer"));
    // One that joined another is taken out with it.
    if (!this.#remove || into) return element("li", "", words);
    const remove = button("icon-button", () => this.#remove(command), icon("cross"));
    remove.setAttribute("aria-label", filled(gettext("Take out: %(text)s"), { text: text.slice(0, 60) }));
    remove.title = gettext("Take out");
    return element("li", "", words, remove);
  }
}
