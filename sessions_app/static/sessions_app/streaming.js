/**
 * Text while it is written. It stands where its line will stand, in the same form as far as one can tell before it is
 * whole, so that nothing jumps when it is committed; only the paragraph that changed is touched.
 */

import { element } from "./element.js";

/** What is marked within a line: `**strong**`, `*stressed*`, `` `code` ``, `$formula$`. */
const MARKS = /(\*\*[^*]+\*\*|\*[^*\s][^*]*\*|`[^`]+`|\$[^$]+\$)/;

export class Streaming {
  #place;
  #paragraphs = [];
  /** The turn whose text is shown. */
  turn = null;

  constructor(place) {
    this.#place = place;
  }

  /** Show all of a turn's text so far. */
  show(turn, text) {
    if (turn !== this.turn) this.clear();
    this.turn = turn;
    const wanted = text.split(/\n{2,}/);
    for (const [index, paragraph] of wanted.entries()) {
      if (this.#paragraphs[index] === paragraph) continue;
      if (index === this.#place.children.length) this.#place.append(element("p"));
      this.#place.children[index].replaceChildren(...inline(paragraph));
    }
    while (this.#place.children.length > wanted.length) this.#place.lastElementChild.remove();
    this.#paragraphs = wanted;
    this.#place.hidden = text === "";
  }

  /** The text was committed, or given up; `turn` names whose. */
  clear(turn = this.turn) {
    if (turn !== this.turn) return;
    this.turn = null;
    this.#paragraphs = [];
    this.#place.replaceChildren();
    this.#place.hidden = true;
  }
}

function inline(text) {
  return text.split(MARKS).map((part, index) => {
    if (index % 2 === 0) return part;
    if (part.startsWith("**")) return element("strong", "", part.slice(2, -2));
    if (part.startsWith("*")) return element("em", "", part.slice(1, -1));
    if (part.startsWith("`")) return element("code", "", part.slice(1, -1));
    return element("span", "formula", part.slice(1, -1));
  });
}
