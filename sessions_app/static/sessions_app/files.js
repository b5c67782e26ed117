/**
 * Files of a lesson: attached or dropped, uploaded with their progress, and what became of them. An upload has an id of
 * its own, so that trying again after a lost connection makes no second file.
 */

import { newId } from "./client.js";
import { button, element, icon } from "./element.js";
import { inPlainWords } from "./refusals.js";
import { upload } from "./server.js";
import { filled, gettext, ngettext } from "./words.js";

export class Files {
  #uploads;
  #shelf;
  #none;
  #session;
  #appendLine;
  /** file → {item, line, name}: where its state is shown. */
  #known = new Map();

  /**
   * `places` has `uploads`, `shelf` and `none` (shown where there are no files); `session()` names the session, once it
   * is known; `appendLine(element)` puts a line into the conversation.
   */
  constructor({ uploads, shelf, none }, session, appendLine) {
    this.#uploads = uploads;
    this.#shelf = shelf;
    this.#none = none;
    this.#session = session;
    this.#appendLine = appendLine;
  }

  clear() {
    this.#known.clear();
    this.#shelf.replaceChildren();
    this.#none.hidden = false;
  }

  /** Take an event in: `file.uploaded`, `file.ready`, `file.failed`. */
  add({ t, d }) {
    if (t === "file.uploaded") this.#uploaded(d);
    else if (t === "file.ready") this.#tell(d, "ready", readyWords(d));
    else if (t === "file.failed") this.#tell(d, "failed", failureWords(d));
  }

  /** Upload some files, one after the other. */
  async send(files) {
    for (const file of files) await this.#send(file, newId());
  }

  async #send(file, id) {
    const words = element("span", "file-state", gettext("waiting…"));
    const bar = element("progress");
    bar.max = 1;
    bar.value = 0;
    bar.setAttribute("aria-label", file.name);
    const line = element("li", "upload", icon("file"), element("span", "file-name", file.name), words, bar);
    this.#uploads.append(line);
    const session = this.#session();
    if (session === null) return this.#fail(line, words, file, id, gettext("The lesson is not open yet. Please try again."));
    const { reply, abort } = upload(session, file, id, (sent, all) => {
      bar.value = sent / Math.max(1, all);
      words.textContent = sent < all ? `${Math.floor((100 * sent) / all)} %` : gettext("being read…");
    });
    const stop = button("icon-button", abort, icon("cross"));
    stop.setAttribute("aria-label", filled(gettext("Do not upload %(name)s"), file));
    line.append(stop);
    try {
      const { duplicate } = await reply;
      line.remove();
      if (duplicate) this.#appendLine(element("p", "", icon("file"), filled(gettext("%(name)s is here already."), file)));
    } catch (error) {
      if (error.name === "AbortError") line.remove();
      else this.#fail(line, words, file, id, inPlainWords(error), error.retry !== "never");
      stop.remove();
    }
  }

  #fail(line, words, file, id, reason, mayRetry = true) {
    line.classList.add("failed");
    line.querySelector("progress")?.remove();
    words.textContent = reason;
    words.setAttribute("role", "alert");
    const leave = button("icon-button", () => line.remove(), icon("cross"));
    leave.setAttribute("aria-label", filled(gettext("Put %(name)s away"), file));
    const again = () => {
      line.remove();
      this.#send(file, id);
    };
    line.append(...(mayRetry ? [button("link", again, gettext("Try again"))] : []), leave);
  }

  #uploaded({ file, name }) {
    this.#none.hidden = true;
    const known = this.#known.get(file);
    if (known) return;
    const state = () => element("span", "file-state", gettext("being read…"));
    const [inShelf, inLine] = [state(), state()];
    const item = element("li", "file", icon("file"), element("span", "file-name", name), inShelf);
    this.#shelf.append(item);
    this.#appendLine(element("p", "file", icon("file"), element("span", "file-name", name), " ", inLine));
    this.#known.set(file, [inShelf, inLine]);
  }

  #tell(d, state, words) {
    if (!this.#known.has(d.file)) this.#uploaded(d);
    for (const place of this.#known.get(d.file)) {
      place.textContent = words;
      place.parentElement.dataset.state = state;
    }
  }
}

function readyWords({ sections, pages }) {
  const parts = [filled(ngettext("%(count)s section", "%(count)s sections", sections), { count: sections })];
  if (pages) parts.unshift(filled(ngettext("%(count)s page", "%(count)s pages", pages), { count: pages }));
  return filled(gettext("can be read: %(what)s"), { what: parts.join(", ") });
}

/** Why a file cannot be read, by the reason's one word; the server's own words say the rest. */
const REASONS = {
  empty: gettext("there is nothing in it"),
  unsupported: gettext("this kind of file cannot be read"),
  encrypted: gettext("it is protected by a password"),
  no_text: gettext("there is no text in it"),
  broken: gettext("it is damaged"),
  too_long: gettext("it is too long"),
  too_many_pages: gettext("it has too many pages"),
  too_big_inside: gettext("it is too big inside"),
  too_slow: gettext("reading it took too long"),
};

const failureWords = ({ reason, message }) =>
  filled(gettext("cannot be read: %(why)s"), { why: REASONS[reason] ?? message ?? "" });

/** Let files be dropped on a place, with a sign while they hover over it. */
export function acceptDrops(place, sign, take) {
  let inside = 0;
  const hasFiles = (event) => event.dataTransfer?.types.includes("Files");
  const show = (by) => {
    inside = Math.max(0, inside + by);
    sign.hidden = inside === 0;
  };
  place.addEventListener("dragenter", (event) => hasFiles(event) && (event.preventDefault(), show(1)));
  place.addEventListener("dragover", (event) => hasFiles(event) && event.preventDefault());
  place.addEventListener("dragleave", (event) => hasFiles(event) && show(-1));
  place.addEventListener("drop", (event) => {
    if (!hasFiles(event)) return;
    event.preventDefault();
    inside = 0;
    sign.hidden = true;
    take([...event.dataTransfer.files]);
  });
}
