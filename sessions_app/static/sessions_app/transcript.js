/**
 * The conversation, line by line: events go in, elements come out. Text of the learner is inserted as text; HTML
 * comes only from the server's renderer (`html`, `prompt_html`), which lets nothing harmful through.
 *
 * The list is in the course's language; what the page says itself carries its own.
 */

import { concern } from "./concerns.js";
import { button, element, icon } from "./element.js";
import { filled, gettext, language } from "./words.js";

/** verdict → [class, icon, words]; said in words and shape, never in colour alone. */
const VERDICTS = {
  correct: ["good", "check", gettext("Correct")],
  form_issue: ["nearly", "nearly", gettext("Right value, other form")],
  partial: ["nearly", "nearly", gettext("Partly right")],
  known_error: ["again", "again", gettext("Not yet")],
  wrong: ["again", "again", gettext("Not yet")],
  malformed: ["neutral", "question", gettext("Could not be read, not counted")],
  not_an_answer: null,
  undecided: ["neutral", "question", gettext("Undecided, not counted")],
};

/** States in which no question is open. */
const SETTLED = new Set(["exposition", "setting_question", "reviewing_solution", "topic_complete", "completed"]);
const FAILED = {
  failed: gettext("The tutor could not finish this."),
  timed_out: gettext("This took too long and was given up."),
};

export const letter = (number) => String.fromCharCode(65 + (number % 26));

/** An element with words of the page's own. */
function own(tag, className, ...children) {
  const made = element(tag, className, ...children);
  made.lang = language;
  return made;
}

function prose(html, text) {
  const made = element("div", "prose");
  if (typeof html === "string") made.innerHTML = html;
  else made.textContent = text ?? gettext("This text has been erased.");
  return made;
}

export class Transcript {
  #list;
  #on;
  /** Lines on their way: command id → element. */
  #sending = new Map();
  /** The question that is open: {id, card, choices, number}. */
  question = null;
  /** The learner's newest line, for the verdict to stand by. */
  #said = null;
  /** Offers of a moment: to try a failed turn again until the next turn, to bring back until more is said. */
  #retry = null;
  #undo = null;

  /**
   * What the learner does in a line is called back; without a callback there is no control for it:
   * `answer(question, value)`, `edit(frame, text)` with `text` null where a choice was made, `retry(turn)`,
   * `undo(frame)` of a rewind.
   */
  constructor(list, { answer, edit = null, retry = null, undo = null }) {
    this.#list = list;
    this.#on = { answer, edit, retry, undo };
  }

  clear() {
    this.#list.replaceChildren(...this.#sending.values());
    this.question = null;
    this.#said = null;
    this.#retry = null;
    this.#undo = null;
  }

  // --- the learner's lines ---------------------------------------------------------------------------------------

  /** Show a line at once, before the server has it. */
  showSending(id, text) {
    const line = this.#learnerLine(text);
    line.classList.add("sending");
    line.append(own("p", "fate", gettext("sending…")));
    this.#sending.set(id, line);
    this.#list.append(line);
  }

  /** The server did not take it, or shows it elsewhere. */
  withdraw(id) {
    this.#sending.get(id)?.remove();
    this.#sending.delete(id);
  }

  #accept(frame) {
    const { cause, d } = frame;
    this.#undo?.remove();
    this.#undo = null;
    let line = this.#sending.get(cause);
    this.#sending.delete(cause);
    const words = this.#inWords(d.text);
    if (line) {
      line.classList.remove("sending");
      line.querySelector(".fate")?.remove();
    } else {
      line = this.#learnerLine(words);
    }
    if (this.#on.edit) this.#offerEdit(line, frame, words === d.text ? d.text : null);
    // Where the log has it, which need not be where it was typed.
    this.#list.append(line);
    for (const waiting of this.#sending.values()) this.#list.append(waiting);
    this.#said = line;
  }

  #offerEdit(line, frame, text) {
    const words = text === null ? gettext("Choose again from here") : gettext("Change this line and go on from here");
    const edit = button("edit", () => this.#on.edit(frame, text), icon("pencil"));
    edit.setAttribute("aria-label", words);
    edit.title = words;
    edit.lang = language;
    line.querySelector(".bubble").before(edit);
  }

  #learnerLine(text) {
    const said = own("span", "visually-hidden", gettext("You:"), " ");
    const bubble = element("div", "bubble", said, element("span", "text", text));
    return element("div", "line learner", element("div", "said", bubble));
  }

  /** A choice is answered by its id; people read its letter and text. */
  #inWords(text) {
    if (typeof text !== "string") return gettext("This text has been erased.");
    const choices = this.question?.choices;
    const ids = text.split(", ");
    if (!choices || !ids.every((id) => choices.has(id))) return text;
    return ids.map((id) => choices.get(id)).join("; ");
  }

  inWords(value) {
    return this.#inWords([value].flat().join(", "));
  }

  // --- what happened ---------------------------------------------------------------------------------------------

  /** Add what an event shows; events without a line of their own are passed over. */
  add(frame) {
    const { t, d, turn } = frame;
    switch (t) {
      case "message.accepted":
        return this.#accept(frame);
      case "output.committed": {
        if (typeof d.html === "string" && d.html.trim() === "") return;
        const line = element("div", "says", prose(d.html, d.text));
        if (d.partial) line.append(own("p", "fate", gettext("stopped here")));
        return this.#tutorLine(line);
      }
      case "question.asked":
        return this.#ask(d);
      case "hint.given": {
        const words = d.bottom_out ? gettext("Worked solution") : gettext("Hint");
        const head = own("p", "kicker", icon(d.bottom_out ? "key" : "bulb"), words);
        return this.#tutorLine(element("div", "hint", head, prose(d.html, d.text)));
      }
      case "answer.checked":
        return this.#verdict(d);
      case "state.changed":
        // Where the tutor goes on, the question is settled, whoever settled it.
        if (SETTLED.has(d.to)) this.#closeQuestion();
        return;
      case "turn.started":
        this.#retry?.remove();
        this.#retry = null;
        return;
      case "turn.finished":
        return d.outcome in FAILED ? this.#failed(turn, FAILED[d.outcome]) : undefined;
      case "message.removed":
        return d.why === "asked" ? undefined : this.#note(gettext("A message that waited was not handled any more."));
      case "session.closed":
        return this.#note(gettext("This lesson is over."));
      case "session.restored":
        return this.#note(gettext("Something went wrong. The lesson goes on from a moment before."), "warn");
      case "session.forked":
        return this.#note(gettext("A branch begins here: what comes now does not change the lesson it came from."));
      case "session.rewound":
        return this.#rewound(frame);
      case "remediation.started":
        return this.#note(gettext("Let us look at one thing more closely."));
      case "mastery.changed":
        return d.mastered ? this.#note(gettext("Skill mastered"), "star") : undefined;
      case "observer.said":
        return this.#tutorLine(element("div", "says", prose(d.html, d.text)));
      case "observer.noted":
        return this.#aside(filled(gettext("Note of %(observer)s"), d), d.note);
      case "observer.suggested":
        return this.#aside(filled(gettext("%(observer)s suggests to the tutor"), d), d.suggestion);
      case "author.noted":
        return this.#aside(filled(gettext("For the course’s author (%(about)s)"), d), d.note);
      case "safety.held":
        return this.#aside(gettext("The lesson is held: this learner needs a person"), concern(d.why), "warn");
      case "safety.released":
        return this.#aside(filled(gettext("%(actor)s let the lesson go on"), d), "");
      case "session.suspended":
        return this.#aside(filled(gettext("Suspended by %(actor)s"), d), "");
      case "session.unsuspended":
        return this.#aside(filled(gettext("%(actor)s ended the suspension"), d), "");
    }
  }

  /** A line that somebody else has made (`element`), where its event stands. */
  append(content) {
    this.#append(own("div", "line note", content));
  }

  #append(line) {
    const waiting = this.#sending.values().next().value;
    if (waiting) waiting.before(line);
    else this.#list.append(line);
  }

  #tutorLine(content) {
    const last = [...this.#list.children].filter((line) => !line.classList.contains("sending")).at(-1);
    const line = element("div", "line tutor");
    // One speaker, one mark: it stands by the first of several lines.
    if (!last?.classList.contains("tutor")) {
      line.append(element("span", "mark", icon("tutor")), own("span", "visually-hidden", gettext("Tutor:"), " "));
    }
    line.append(content);
    this.#append(line);
  }

  #note(text, name, ...more) {
    const line = own("div", "line note", element("p", "", ...(name ? [icon(name)] : []), text, ...more));
    this.#append(line);
    return line;
  }

  /** What only teachers see. */
  #aside(head, text, name = "note") {
    const body = text ? [element("p", "", text)] : [];
    this.#append(element("div", "line teacher-only", own("p", "kicker", icon(name), head), ...body));
  }

  #failed(turn, words) {
    if (this.#on.retry && turn) this.#retry = button("link", () => this.#on.retry(turn), gettext("Try again"));
    this.#note(words, "warn", ...(this.#retry ? [" ", this.#retry] : []));
  }

  #rewound(frame) {
    if (this.#on.undo) this.#undo = button("link", () => this.#on.undo(frame), gettext("Bring it back"));
    const undo = this.#undo ? [" ", this.#undo] : [];
    this.#note(gettext("Back to here: what came after it was taken back."), "again", ...undo);
    this.#said = null;
  }

  #verdict({ verdict, feedback }) {
    const known = VERDICTS[verdict];
    if (known === null) return;
    const [kind, name, words] = known ?? ["neutral", "question", gettext("Checked")];
    const badge = own("p", `verdict ${kind}`, icon(name), element("strong", "", words));
    badge.title = feedback ?? "";
    if (this.#said) this.#said.append(badge);
    else this.#append(element("div", "line learner", badge));
    if (verdict === "correct") this.#closeQuestion();
  }

  #ask(d) {
    this.#closeQuestion();
    const isMain = (d.part ?? "main") === "main";
    const title = isMain ? filled(gettext("Question %(number)s"), { number: d.number ?? "" }).trim() : gettext("A question in between");
    const head = own("p", "kicker", title);
    const prompt = prose(d.prompt_html, d.prompt);
    prompt.classList.add("prompt");
    const card = element("section", "question", head, prompt);
    card.setAttribute("aria-label", title);
    if (d.why) card.append(element("details", "why", own("summary", "", gettext("Why this question?")), element("p", "", d.why)));
    const choices = d.choices?.length ? this.#choices(card, d) : null;
    this.question = { id: d.question, card, choices, number: d.number };
    this.#tutorLine(card);
  }

  #choices(card, { question, choices, format, number }) {
    const many = format?.select === "many";
    const words = new Map();
    const group = element("fieldset", "choices");
    group.append(own("legend", "", many ? gettext("Choose all that are right") : gettext("Choose one")));
    for (const [place, choice] of choices.entries()) {
      const input = element("input");
      input.type = many ? "checkbox" : "radio";
      input.name = `choice-${number}`;
      input.value = choice.id;
      const text = prose(choice.html, choice.text);
      words.set(choice.id, `${letter(place)}. ${text.textContent.trim()}`);
      group.append(element("label", "choice", input, element("span", "letter", letter(place)), text));
    }
    const check = own("button", "button primary", gettext("Check my answer"));
    if (!this.#on.answer) {
      group.disabled = true;
      card.append(element("form", "choose", group));
      return words;
    }
    const form = element("form", "choose", group, check);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (check.getAttribute("aria-disabled") === "true") return;
      const chosen = [...group.querySelectorAll("input:checked")].map((input) => input.value);
      if (chosen.length === 0) return group.querySelector("input").focus();
      this.#on.answer(question, many ? chosen : chosen[0]);
    });
    card.append(form);
    return words;
  }

  #closeQuestion() {
    const form = this.question?.card.querySelector("form.choose");
    if (form) {
      form.querySelector("fieldset").disabled = true;
      form.querySelector("button")?.remove();
    }
    this.question?.card.classList.add("closed");
    this.question = null;
  }
}
