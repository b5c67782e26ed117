/** Scrolling: new lines are scrolled to until the reader scrolls back to read, and again from the end on. */

const NEAR_PX = 80;
const calm = matchMedia("(prefers-reduced-motion: reduce)");

export class Following {
  #scroller;
  #newer;
  #on = true;
  #lastTop = 0;
  /** Without a glide: while the history is told. */
  instant = true;

  constructor(scroller, newer, onJump) {
    this.#scroller = scroller;
    this.#newer = newer;
    scroller.addEventListener("scroll", () => {
      // Our own scrolling only goes down, and may be under way when the next line comes: only going up is the reader's.
      if (this.#isAtEnd()) this.#on = true;
      else if (scroller.scrollTop < this.#lastTop) this.#on = false;
      this.#lastTop = scroller.scrollTop;
      if (this.#on) newer.hidden = true;
    });
    // The keyboard of a phone, a longer text in the box, other buttons: all take room from the conversation.
    new ResizeObserver(() => this.follow()).observe(scroller);
    newer.addEventListener("click", () => {
      this.toEnd();
      onJump();
    });
  }

  follow() {
    if (!this.#on) {
      this.#newer.hidden = this.#isAtEnd();
      return;
    }
    const behavior = this.instant || calm.matches ? "instant" : "smooth";
    this.#scroller.scrollTo({ top: this.#scroller.scrollHeight, behavior });
    this.#newer.hidden = true;
  }

  toEnd() {
    this.#on = true;
    this.follow();
  }

  /** Change what stands above without moving what is read. */
  keepingPlace(change) {
    const fromEnd = this.#scroller.scrollHeight - this.#scroller.scrollTop;
    this.#on = false;
    change();
    this.#scroller.scrollTop = this.#scroller.scrollHeight - fromEnd;
    this.#lastTop = this.#scroller.scrollTop;
  }

  #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.#scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR_PX;
  }
}
