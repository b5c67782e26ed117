/**
 * The frames of a session as far as this page has them, and which of them stand. A rewind takes back what came after
 * its seq, a turn that was rolled back never counted; both stay in the log. (The server's projections count the same way.)
 */
export class Record {
  #frames = [];

  get isEmpty() {
    return this.#frames.length === 0;
  }

  get length() {
    return this.#frames.length;
  }

  /** The oldest seq that is here. */
  get first() {
    return this.#frames[0]?.seq ?? 0;
  }

  clear() {
    this.#frames = [];
  }

  /** Add the newest frame. Returns whether it takes back some that came before it. */
  add(frame) {
    this.#frames.push(frame);
    return frame.t === "session.rewound" || (frame.t === "turn.finished" && frame.d.outcome === "rolled_back");
  }

  /** Put older frames in front. */
  addEarlier(frames) {
    this.#frames.unshift(...frames.filter(({ seq }) => seq < this.first));
  }

  /** The frames that stand, oldest first. */
  standing() {
    const found = [];
    const turns = new Set();
    const causes = new Set();
    let upto = Infinity;
    for (const frame of this.#frames.toReversed()) {
      if (frame.seq > upto) continue;
      if (frame.t === "session.rewound") upto = frame.d.to;
      if (frame.t === "turn.finished" && frame.d.outcome === "rolled_back") {
        turns.add(frame.turn);
        if (frame.cause) causes.add(frame.cause);
        continue;
      }
      if (turns.has(frame.turn) || causes.has(frame.cause)) continue;
      found.push(frame);
    }
    return found.reverse();
  }

  /** The newest seq that was committed before this frame: where to go back to, to have it unsaid. Null: there is none. */
  before({ seq, at }) {
    return this.#frames.findLast((frame) => frame.seq < seq && frame.at !== at)?.seq ?? null;
  }
}
