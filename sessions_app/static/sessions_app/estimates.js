/**
 * Why the tutor believes what it believes of a skill, and the learner's say in it. The facts are `progress` of the
 * session; the words are the page's.
 */

import { button, element, icon } from "./element.js";
import { level } from "./progress.js";
import { day, filled, gettext, ngettext } from "./words.js";

/** What one question showed → [words, icon, tone of its badge]. */
const SHOWN = {
  unassisted: [gettext("right"), "check", "good"],
  after_hint: [gettext("right after a hint"), "bulb", "nearly"],
  with_help: [gettext("right with help"), "nearly", "nearly"],
  not_yet: [gettext("not yet"), "again", "again"],
  given_up: [gettext("solution shown"), "key", "neutral"],
};

/** What became of a known error, in words. */
const STANDINGS = {
  active: gettext("We still work on this."),
  relapsed: gettext("It came back after we had looked at it."),
  treated: gettext("We have looked at it; a later question will show whether it is gone."),
  resolved: gettext("A later question was right: it seems to be gone."),
  contested: gettext("You said that this is not yours. It does not count until it is seen again."),
};

/** A skill that is believed in no more than this is doubted already. */
const DOUBTED = 0.5;

/** Standings that a learner can disagree with. */
const CONTESTABLE = new Set(["active", "relapsed", "treated"]);

export class Estimates {
  #dialog;
  #on;
  #stand = null;
  #skill = null;

  /** `path` holds the skills' buttons. `on.contest(claim)` with `{claim, skill}` or `{claim, known_error}`; `on.opened()`. */
  constructor(dialog, path, on) {
    this.#dialog = dialog;
    this.#on = on;
    for (const opener of path.querySelectorAll("[data-skill] button")) {
      opener.addEventListener("click", () => this.#open(opener));
    }
    for (const one of dialog.querySelectorAll("[data-claim]")) {
      one.addEventListener("click", () => this.#disagree({ claim: one.dataset.claim, skill: this.#skill.id }));
    }
  }

  /** What is believed now; null where nobody could be asked. */
  believe(stand) {
    this.#stand = stand;
    if (this.#dialog.open) this.#show();
  }

  get isOpen() {
    return this.#dialog.open;
  }

  #open(opener) {
    this.#skill = { id: opener.closest("[data-skill]").dataset.skill, name: opener.textContent };
    this.#show();
    this.#dialog.showModal();
    this.#on.opened();
  }

  #disagree(claim) {
    // Closed first: the tutor's answer is a line of the conversation, and the focus is back where it was.
    this.#dialog.close();
    this.#on.contest(claim);
  }

  #part(name) {
    return this.#dialog.querySelector(`[data-part="${name}"]`);
  }

  #show() {
    const { id, name } = this.#skill;
    const found = this.#stand?.skills.find(({ skill }) => skill === id);
    this.#part("name").textContent = name;
    const bar = this.#part("bar");
    bar.setAttribute("aria-label", name);
    bar.value = found?.mastered ? 1 : (found?.p ?? 0);
    this.#part("level").textContent = found ? level(found.p, found.mastered) : gettext("not started");
    this.#part("estimate").classList.toggle("mastered", Boolean(found?.mastered));
    this.#part("reason").textContent = this.#stand === null ? gettext("The reason cannot be read right now.") : reason(found);
    this.#part("recent").replaceChildren(...(found?.recent ?? []).map(shown));
    this.#part("newest").hidden = !found?.recent.length;
    this.#part("review").textContent = found ? review(found) : "";
    this.#dialog.querySelector('[data-claim="known"]').hidden = Boolean(found?.mastered);
    this.#dialog.querySelector('[data-claim="unsure"]').hidden = !(found?.p > DOUBTED);
    const errors = (this.#stand?.known_errors ?? []).filter(({ skill, seen }) => skill === id && seen);
    this.#part("errors").hidden = errors.length === 0;
    this.#part("errors-list").replaceChildren(...errors.map((error) => this.#knownError(error)));
  }

  #knownError({ known_error, name, standing, evidence }) {
    const language = this.#part("name").lang;
    const title = element("p", "error-name", name);
    title.lang = language;
    const seen = evidence.map(({ number, given }) => filled(gettext("Question %(number)s: you wrote “%(given)s”."), { number, given }));
    const item = element("li", "", title, element("p", "quiet", seen.join(" ")), element("p", "quiet", STANDINGS[standing] ?? ""));
    if (CONTESTABLE.has(standing)) {
      const contest = button("button", () => this.#disagree({ claim: "not_mine", known_error }), gettext("That is not mine"));
      contest.setAttribute("aria-label", filled(gettext("That is not mine: %(name)s"), { name }));
      item.append(contest);
    }
    return item;
  }
}

function reason(skill) {
  if (!skill) return gettext("You have not had a question about this yet.");
  const { unassisted, opportunities, with_help, missing, mastered } = skill;
  const said = [
    filled(
      ngettext(
        "%(right)s of %(all)s question was right at the first attempt, without help.",
        "%(right)s of %(all)s questions were right at the first attempt, without help.",
        opportunities,
      ),
      { right: unassisted, all: opportunities },
    ),
  ];
  if (with_help) said.push(filled(gettext("Solved with help: %(count)s."), { count: with_help }));
  if (missing) said.push(filled(ngettext("%(count)s more is needed.", "%(count)s more are needed.", missing), { count: missing }));
  else if (!mastered) said.push(gettext("Another right one without help, and it is more certain."));
  return said.join(" ");
}

function shown(evidence) {
  const [words, picture, tone] = SHOWN[evidence] ?? [evidence, "question", "neutral"];
  return element("li", `badge ${tone}`, icon(picture), words);
}

function review({ due, next_review }) {
  if (due) return gettext("Its review is due now.");
  return next_review ? filled(gettext("Next review: %(day)s."), { day: day(next_review) }) : "";
}
