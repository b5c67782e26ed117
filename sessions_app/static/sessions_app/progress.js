/**
 * The learner's path: topics, skills and how sure the tutor is of each, from `mastery.changed` and `question.asked`, and
 * the reason for the question that is open. What was known before this session stands in `progress` of the session.
 */

import { filled, gettext, ngettext } from "./words.js";

const LEVELS = [
  [0.95, gettext("almost there")],
  [0.7, gettext("getting sure")],
  [0.4, gettext("practising")],
  [0, gettext("started")],
];

/** How sure the tutor is, in a word or two. */
export const level = (p, mastered) => (mastered ? gettext("mastered") : LEVELS.find(([least]) => p >= least)[1]);

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
      this.#estimate(d);
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

  /** What is believed now: `progress` of the session. */
  believe({ skills }) {
    for (const skill of skills) this.#estimate(skill);
    this.#count();
  }

  #estimate({ skill, p, mastered, why }) {
    for (const item of this.#skills.get(skill) ?? []) this.#show(item, p, Boolean(mastered), level(p, mastered), why);
  }

  #why(words) {
    this.#reason.hidden = words === "";
    this.#reasonWords.textContent = words;
  }

  #show(item, p, mastered, words, why) {
    item.classList.toggle("mastered", mastered);
    item.querySelector("progress").value = mastered ? 1 : p;
    item.querySelector(".level").textContent = words;
    // Where a skill can be opened, its reason is told there, in the page's words.
    if (!item.querySelector("button")) item.title = why ?? "";
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
