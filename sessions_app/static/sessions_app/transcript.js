/**
 * The conversation as a list of lines: events go in, elements come out. Text of the learner is inserted as text; HTML
 * comes only from the server's renderer (`html`, `prompt_html`), which lets nothing harmful through.
 */

/** verdict → [class, icon, words]; said in words and shape, never in colour alone. */
const VERDICTS = {
  correct: ["good", "check", "Correct"],
  form_issue: ["nearly", "nearly", "Right value, other form"],
  partial: ["nearly", "nearly", "Partly right"],
  known_error: ["again", "again", "Not yet"],
  wrong: ["again", "again", "Not yet"],
  malformed: ["neutral", "question", "Could not be read, not counted"],
  not_an_answer: null,
  undecided: ["neutral", "question", "Undecided, not counted"],
};

/** States in which no question is open. */
const SETTLED = new Set(["exposition", "setting_question", "reviewing_solution", "topic_complete", "completed"]);

export const letter = (number) => String.fromCharCode(65 + (number % 26));

export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
  use.setAttribute("href", `#icon-${name}`);
  svg.append(use);
  return svg;
}

/** A small element: `element("p", "hint", "text", child)`. */
export function element(tag, className = "", ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function prose(html, text) {
  const made = element("div", "prose");
  if (typeof html === "string") made.innerHTML = html;
  else made.textContent = text ?? "This text has been erased.";
  return made;
}

export class Transcript {
  #list;
  #onAnswer;
  /** Lines on their way: command id → element. */
  #sending = new Map();
  /** The question that is open: {id, card, choices}. */
  question = null;
  /** The learner's newest line, for the verdict to stand by. */
  #said = null;

  /** `onAnswer(question, value)` is called when the learner answers by a control of a question's card. */
  constructor(list, onAnswer) {
    this.#list = list;
    this.#onAnswer = onAnswer;
  }

  clear() {
    this.#list.replaceChildren(...this.#sending.values());
    this.question = null;
    this.#said = null;
  }

  // --- the learner's lines ---------------------------------------------------------------------------------------

  /** Show a line at once, before the server has it. */
  showSending(id, text) {
    const line = this.#learnerLine(text);
    line.classList.add("sending");
    line.append(element("p", "fate", "sending…"));
    this.#sending.set(id, line);
    this.#list.append(line);
  }

  /** The server did not take it. */
  withdraw(id) {
    this.#sending.get(id)?.remove();
    this.#sending.delete(id);
  }

  #accept({ cause, d }) {
    let line = this.#sending.get(cause);
    this.#sending.delete(cause);
    if (line) {
      line.classList.remove("sending");
      line.querySelector(".fate")?.remove();
    } else {
      line = this.#learnerLine(this.#inWords(d.text));
    }
    // Where the log has it, which need not be where it was typed.
    this.#list.append(line);
    for (const waiting of this.#sending.values()) this.#list.append(waiting);
    this.#said = line;
  }

  #learnerLine(text) {
    const said = element("span", "visually-hidden", "You: ");
    return element("li", "line learner", element("div", "bubble", said, element("span", "text", text)));
  }

  /** A choice is answered by its id; people read its letter and text. */
  #inWords(text) {
    if (typeof text !== "string") return "This text has been erased.";
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
    const { d } = frame;
    switch (frame.t) {
      case "message.accepted":
        return this.#accept(frame);
      case "output.committed": {
        if (typeof d.html === "string" && d.html.trim() === "") return;
        const line = element("div", "says", prose(d.html, d.text));
        if (d.partial) line.append(element("p", "fate", "stopped here"));
        return this.#tutorLine(line);
      }
      case "question.asked":
        return this.#ask(d);
      case "hint.given": {
        const words = d.bottom_out ? "Worked solution" : "Hint";
        const head = element("p", "kicker", icon(d.bottom_out ? "key" : "bulb"), words);
        return this.#tutorLine(element("div", "hint", head, prose(d.html, d.text)));
      }
      case "answer.checked":
        return this.#verdict(d);
      case "state.changed":
        // Where the tutor goes on, the question is settled, whoever settled it.
        if (SETTLED.has(d.to)) this.#closeQuestion();
        return;
      case "session.closed":
        return this.#note("This lesson is over.");
      case "remediation.started":
        return this.#note("Let us look at one thing more closely.");
      case "mastery.changed":
        return d.mastered ? this.#note("Skill mastered", "star") : undefined;
      case "observer.said":
        return this.#tutorLine(element("div", "says", prose(d.html, d.text)));
    }
  }

  #append(line) {
    const waiting = this.#sending.values().next().value;
    if (waiting) waiting.before(line);
    else this.#list.append(line);
  }

  #tutorLine(content) {
    const last = [...this.#list.children].filter((line) => !line.classList.contains("sending")).at(-1);
    const line = element("li", "line tutor");
    // One speaker, one mark: it stands by the first of several lines.
    if (!last?.classList.contains("tutor")) {
      line.append(element("span", "mark", icon("tutor")), element("span", "visually-hidden", "Tutor: "));
    }
    line.append(content);
    this.#append(line);
  }

  #note(text, name) {
    this.#append(element("li", "line note", element("p", "", ...(name ? [icon(name)] : []), text)));
  }

  #verdict({ verdict, feedback }) {
    const known = VERDICTS[verdict];
    if (known === null) return;
    const [kind, name, words] = known ?? ["neutral", "question", "Checked"];
    const badge = element("p", `verdict ${kind}`, icon(name), element("strong", "", words));
    badge.title = feedback ?? "";
    if (this.#said) this.#said.append(badge);
    else this.#append(element("li", "line learner", badge));
    if (verdict === "correct") this.#closeQuestion();
  }

  #ask(d) {
    this.#closeQuestion();
    const title = (d.part ?? "main") === "main" ? `Question ${d.number ?? ""}`.trim() : "A question in between";
    const head = element("p", "kicker", title);
    const prompt = prose(d.prompt_html, d.prompt);
    prompt.classList.add("prompt");
    const card = element("section", "question", head, prompt);
    card.setAttribute("aria-label", head.textContent);
    if (d.why) card.append(this.#why(d.why));
    const choices = d.choices?.length ? this.#choices(card, d) : null;
    this.question = { id: d.question, card, choices, number: d.number };
    this.#tutorLine(card);
  }

  #why(why) {
    return element("details", "why", element("summary", "", "Why this question?"), element("p", "", why));
  }

  #choices(card, { question, choices, format, number }) {
    const many = format?.select === "many";
    const words = new Map();
    const group = element("fieldset", "choices");
    group.append(element("legend", "", many ? "Choose all that are right" : "Choose one"));
    for (const [place, choice] of choices.entries()) {
      const input = element("input");
      input.type = many ? "checkbox" : "radio";
      input.name = `choice-${number}`;
      input.value = choice.id;
      const text = prose(choice.html, choice.text);
      words.set(choice.id, `${letter(place)}. ${text.textContent.trim()}`);
      group.append(element("label", "choice", input, element("span", "letter", letter(place)), text));
    }
    const button = element("button", "button primary", "Check my answer");
    const form = element("form", "choose", group, button);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const chosen = [...group.querySelectorAll("input:checked")].map((input) => input.value);
      if (chosen.length === 0) return group.querySelector("input").focus();
      this.#onAnswer(question, many ? chosen : chosen[0]);
    });
    card.append(form);
    return words;
  }

  #closeQuestion() {
    const form = this.question?.card.querySelector("form.choose");
    if (form) {
      form.querySelector("fieldset").disabled = true;
      form.querySelector("button").remove();
    }
    this.question?.card.classList.add("closed");
    this.question = null;
  }
}
