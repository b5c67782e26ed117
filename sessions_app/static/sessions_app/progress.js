/**
 * The learner's path: topics, skills and how sure the tutor is of each, from `mastery.changed` and `question.asked`, and
 * the reason for the question that is open.
 */

import { filled, gettext, ngettext } from "./words.js";

const LEVELS = [
  [0.95, gettext("almost there")],
  [0.7, gettext("getting sure")],
  [0.4, gettext("practising")],
  [0, gettext("started")],
];

/** States in which no question is open. */
const SETTLED = new Set(["exposition", "topic_complete", "completed"]);

export class Progress {
  #skills = new Map();
  #topics;
  #summary;
  #reason;
  #reasonWords;

  constructor(path, summary, reason, reasonWords) {
    this.#topics = [...path.querySelectorAll("[data-topic]")];
    for (const item of path.querySelectorAll("[data-skill]")) {
      // A skill may be taught in more than one topic.
      const items = this.#skills.get(item.dataset.skill) ?? [];
      this.#skills.set(item.dataset.skill, [...items, item]);
    }
    this.#summary = summary;
    this.#reason = reason;
    this.#reasonWords = reasonWords;
    this.clear();
  }

  clear() {
    for (const items of this.#skills.values()) for (const item of items) this.#show(item, 0, false, gettext("not started"), "");
    this.#why("");
    for (const topic of this.#topics) topic.removeAttribute("aria-current");
    this.#topics[0]?.setAttribute("aria-current", "step");
    this.#count();
  }

  add({ t, d }) {
    if (t === "mastery.changed") {
      const words = d.mastered ? gettext("mastered") : LEVELS.find(([least]) => d.p >= least)[1];
      for (const item of this.#skills.get(d.skill) ?? []) this.#show(item, d.p, Boolean(d.mastered), words, d.why);
      this.#count();
    } else if (t === "question.asked") {
      this.#why(d.why ?? "");
      const topic = this.#skills.get(d.skill)?.[0].closest("[data-topic]");
      if (!topic) return;
      for (const other of this.#topics) other.removeAttribute("aria-current");
      topic.setAttribute("aria-current", "step");
      this.#count();
    } else if (t === "state.changed" && SETTLED.has(d.to)) {
      this.#why("");
    }
  }

  #why(words) {
    this.#reason.hidden = words === "";
    this.#reasonWords.textContent = words;
  }

  #show(item, p, mastered, words, why) {
    item.classList.toggle("mastered", mastered);
    item.querySelector("progress").value = mastered ? 1 : p;
    item.querySelector(".level").textContent = words;
    item.title = why ?? "";
  }

  #count() {
    const isDone = (topic) => {
      const skills = [...topic.querySelectorAll("[data-skill]")];
      return skills.length > 0 && skills.every((skill) => skill.classList.contains("mastered"));
    };
    for (const topic of this.#topics) topic.classList.toggle("done", isDone(topic));
    const skills = [...this.#skills.values()];
    const mastered = skills.filter(([item]) => item.classList.contains("mastered")).length;
    const words = ngettext("%(mastered)s of %(all)s skill", "%(mastered)s of %(all)s skills", skills.length);
    this.#summary.textContent = skills.length ? filled(words, { mastered, all: skills.length }) : "";
  }
}
