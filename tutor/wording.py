"""Every sentence the offline tutor says, in one place, so that it can be read as a learner reads it.

Rules of the house: warm, precise, short; one idea a sentence; no praise for the person, only for what was done; a
mistake is never named before what was right about it; never "hint 2 of 4"; never the answer, except in the rows that
may show it (their texts stand in their own section below). Markdown.
"""

from __future__ import annotations

from collections.abc import Sequence

from tutor import retention
from tutor.course import Material
from tutor.interactions import Verdict
from tutor.mastery import Evidence, SkillRecord


def pick(number: int, *variants: str) -> str:
    """One of several ways to say the same thing: the same one for the same number."""
    return variants[number % len(variants)]


def joined(parts: Sequence[str], last: str = "and") -> str:
    """``a, b and c``."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


# --- explaining --------------------------------------------------------------------------------------------------


def greeting(course: str, topic: str, *, again: bool = False, reads: bool = True) -> str:
    """``again``: something of the course was mastered before; ``reads``: there is something to read first."""
    if again:
        return f"Welcome back to **{course}**. What you had mastered counts; we go on with **{topic}**."
    way = "I explain a little, then you try." if reads else "We learn it by doing, question by question."
    return (
        f"Hello, and welcome to **{course}**.\n\n"
        f"We begin with **{topic}**. {way} Ask whenever something is unclear; a hint or a mistake costs nothing here."
    )


def next_topic(topic: str) -> str:
    return f"Next: **{topic}**."


def chunk(material: Material, *, more: bool) -> str:
    """A piece of material with its question to think about."""
    parts = [f"![{material.alt}]({material.path})"] if material.kind == "file" else []
    if material.body:
        parts.append(material.body.strip())
    if material.ask:
        parts.append(f"**Think about it:** {material.ask.strip()}")
    parts.append("*Continue when you are ready.*" if more else "*Continue when you are ready for a question.*")
    return "\n\n".join(parts)


NO_MATERIAL = "There is nothing to read for this one. Continue, and we start with a question."


def key_sentence(sentence: str) -> str:
    return f"The sentence to hold on to is this one:\n\n> {sentence}"


def after_material(number: int) -> str:
    return pick(number, "Now you.", "Your turn.", "Let us try it.")


SKIPPED_MATERIAL = "Good, then show me. Here is a question that needs it."


def off_topic_reading(topic: str) -> str:
    return (
        f"That can wait a little, I think: we are reading about **{topic}**. "
        "Ask me about it, or continue when you are ready."
    )


def clarified_in_exposition(text: str) -> str:
    return f"{text}\n\n*Ask more, or continue.*"


#: How an explanation begins that is none.
NO_EXPLANATION = "I have no explanation of that in this course"


def clarified_with_question_open(text: str) -> str:
    if text.startswith(NO_EXPLANATION):
        return text
    return f"{text}\n\nDoes that help? The question is still open."


WITHHELD = (
    "I would give too much away if I said more here. Look again at what the question asks for, and what would be the "
    "first step towards it. You can also ask for a hint."
)

# --- choosing a question -----------------------------------------------------------------------------------------


#: From this P on, a skill is said to go well.
WELL = 0.6


def why_first(skill: str) -> str:
    return f"It is the first one on “{skill}”."


def why_weakest(skill: str, unassisted: int, p: float) -> str:
    if unassisted == 0 or p < WELL:
        return f"“{skill}” needs practice most right now."
    return f"“{skill}” is going well ({unassisted} right without help); this is a step further."


def why_retest(skill: str) -> str:
    return f"You have seen the solution of one like this (“{skill}”); now you try it alone."


def why_interleaved(skill: str) -> str:
    return f"It is from an earlier topic (“{skill}”), to keep it fresh."


def why_review(skill: str) -> str:
    return f"It is time to look at “{skill}” again, before it fades."


def why_review_early(skill: str) -> str:
    return f"You asked for a review; “{skill}” would have come later."


def why_warm_up(skill: str) -> str:
    return f"A warm-up after your break: “{skill}” is something you have met."


def why_detour(skill: str, prerequisite: str) -> str:
    return f"“{skill}” is hard going, and it rests on “{prerequisite}”: we make that firm first."


def why_back(skill: str) -> str:
    return f"Back to “{skill}”, with what it rests on fresh in mind."


def why_probing(skill: str) -> str:
    return f"You said you know this, so this one goes straight to the point of “{skill}”."


def why_put_off(skill: str) -> str:
    return f"You put this one off earlier (“{skill}”)."


# --- hints, skipping, disputing ----------------------------------------------------------------------------------


def hint_too_soon(level: int) -> str:
    return pick(
        level,
        "Read that hint once more and try one step with it. A few seconds later I have another one.",
        "Give that hint a moment first: try one step with it. Then ask me for more if you need it.",
    )


def offer_hint(number: int) -> str:
    return pick(
        number,
        "A hint first? It does not count against you. To see the solution instead, give up once more.",
        "Before you let it go: would a hint help? It does not count against you. "
        "If you would rather see the solution, give up once more and I will show it.",
    )


#: First steps that fit every question of a format, for one whose author wrote no hint.
_FIRST_STEPS = {
    "choice": "Which options can you rule out, and why? Look at what is left more closely.",
    "order": "Which one must come first, or last? Begin with the one you are sure of.",
    "match": "Begin with the pair you are surest of; then there are fewer left to choose from.",
    "short_text": "Think of where you met this: what was it called, and what was said about it?",
    "free_text": "Say first what happens, then why. One sentence each is enough.",
    "code": "Take one small example and do by hand what the program should do. Then write down each step.",
}
_FIRST_STEP = "Say in your own words what is given and what is asked. Which of the given things have you not used yet?"


def plain_hint(level: int, kind: str) -> str:
    """A hint that fits every question of its format, where nothing better is known."""
    if level == 0:
        return _FIRST_STEPS.get(kind, _FIRST_STEP)
    return "Make up an easier example of the same kind and solve that first. What you did there, do here."


def read_again(sentence: str) -> str:
    return f"This sentence of what you read may help:\n\n> {sentence}"


def put_off(number: int) -> str:
    return pick(number, "All right, we leave that one for later.", "Fine, we come back to it another time.")


DISPUTED = (
    "Thank you for saying so. I have noted your last answer and that you think it is right; your teacher will see it. "
    "It costs you nothing. Until then the question stays open: if you see another way to write your answer, try that."
)
DISPUTED_WITHOUT_ANSWER = "You have not answered this one yet, so there is nothing to check again. What is your answer?"

OFF_TOPIC = "That is for another time, I think. The question is still open: have a go, or ask for a hint."
OFF_TOPIC_AGAIN = "Your thoughts seem to be elsewhere; that happens. Shall we pause? Everything will be kept as it is."


def still_open(intent: str, number: int) -> str:
    """What is said to a message that asks for nothing that can be done now; ``number`` chooses among the ways."""
    match intent:
        case "cancel":
            return "Nothing is running that I could stop. If you need a break, pause: the question stays as it is."
        case "tell_me":
            return pick(
                number,
                "I do not just say it: you would have it now and not tomorrow. A hint shows where to begin. "
                "If you would rather see the whole way, give up, and I show you every step.",
                "I know that would be quicker. What I can do is a hint, or a smaller step. "
                "If you have had enough of this one, give up, and we look at the solution together.",
                "That part is yours; I help with the way there. Shall I give you a hint?",
            )
        case "upset":
            return pick(
                number,
                "That sounds frustrating, and it is all right to say so. A hint, another question, a break: "
                "say which, and we do that.",
                "I can see that this is no fun right now. We can take a smaller step, put this one off, or pause.",
            )
        case _:
            return "The question is still open. Answer it, ask for a hint, or put it off for later."


# --- verdicts ----------------------------------------------------------------------------------------------------


def badge(verdict: Verdict) -> str:
    """The short sentence beside the verdict; what is said about it follows as a message."""
    return {
        "correct": "Right.",
        "form_issue": "Right value, other form asked for.",
        "partial": "Partly right.",
        "known_error": "Not yet.",
        "wrong": "Not yet.",
        "malformed": "I could not read that.",
        "not_an_answer": "Not taken as an answer.",
        "undecided": "I am not sure.",
    }[verdict]


def form_issue(feedback: str) -> str:
    return feedback or "You have the right value. Please give it in the form the question asks for."


FORM_ACCEPTED = "The value is right, and that is what counts most; I take it."


def known_error_met(say: str) -> str:
    return say or "I think I see what happened. Let us look at it together."


#: What the checker says where it has nothing particular to say begins so.
_GENERAL = ("that is not right yet", "that is not it yet", "that does not answer it yet")
#: What is said in its place the second time, by the question's format.
_NOT_EITHER = {
    "choice": "Not that one either. Rule the options out one by one: what would each of them do?",
    "short_text": "Not that either. Think back to where the word came up.",
    "order": "Not yet. Begin with the one that must come first, and put the others behind it one at a time.",
    "match": "Not yet. Begin with the pair you are surest of.",
    "free_text": "Not yet. Say first what happens, then what makes it happen.",
}
_NOT_THIS_EITHER = "Not this one either. Write your steps down line by line, and look at each sign as you do."


def wrong(feedback: str, attempts: int, kind: str = "number") -> str:
    opening = pick(attempts - 1, "Not quite.", "Not yet.")
    where = feedback or pick(
        attempts - 1,
        "Go back to the question and check your first step.",
        "Put your answer back into the question: where does it stop fitting?",
    )
    # The same general sentence twice helps nobody.
    if attempts > 1 and where.lower().startswith(_GENERAL):
        return f"{_NOT_EITHER.get(kind, _NOT_THIS_EITHER)} A hint shows where to begin."
    # The checker's own sentence often opens like this already.
    said = where if where.lower().startswith(("that is not", "that does not", "not ")) else f"{opening} {where}"
    return f"{said} A hint is there if you want one."


def same_wrong(answer: str, kind: str = "number") -> str:
    before = f"“{answer}” is what you had before"
    if kind in _NOT_EITHER:
        return f"{before}, and it is not it. Ask for a hint now: it shows where to look."
    return f"{before}, so one of the steps on the way needs a change. Ask for a hint now: it shows where to look."


def partial(feedback: str) -> str:
    return feedback or "Part of it is right, and you keep that. What is still missing?"


def malformed(feedback: str) -> str:
    return f"{feedback or 'I could not read that as an answer.'} That was not counted."


UNDECIDED = (
    "I cannot decide whether that is right, so I have not counted it and your teacher will see it. "
    "Can you write it in another way?"
)

# --- sub-questions -----------------------------------------------------------------------------------------------


def smaller_step(ask: str) -> str:
    return f"Let us take a smaller step: {ask}"


def scaffold_right(number: int) -> str:
    return pick(
        number,
        "Yes, that is the step. Now use it for the question itself.",
        "Right. With that, go back to the whole question.",
    )


SCAFFOLD_WRONG = "Not quite; it is only this one small step. Try it once more."
SCAFFOLD_LEFT = (
    "Let us leave that step. Look at the whole question again; a hint, or the solution, is there if you want."
)

# --- known errors ------------------------------------------------------------------------------------------------


def forced_remediation(name: str) -> str:
    return f"Your teacher would like us to look at one thing together: *{name}*."


PROBE_RIGHT = "Exactly. That is the difference. Now try the question again with it in mind."
PROBE_RIGHT_ALONE = "Exactly. That is the difference."
REMEDIATION_LEFT = "All right, we leave that for now."


def probe_wrong(explanation: str, ask: str) -> str:
    other_way = explanation or "Try it with the numbers, step by step."
    return f"Not yet. Let us look at it in another way.\n\n{other_way}\n\nOnce more: **{ask}**"


def remedy_hint(remedy: Sequence[str], ask: str) -> str:
    return f"{' '.join(remedy) or 'Try it with the numbers, step by step.'}\n\n**{ask}**"


# --- solutions: rows that may show the answer --------------------------------------------------------------------


#: What the checker says where it has nothing particular to say.
PLAIN_CORRECT = "Yes, that is right."


def correct(feedback: str, last_step: str, number: int, *, helped: bool) -> str:
    if feedback and feedback != PLAIN_CORRECT:
        opening = feedback
    elif helped:
        opening = pick(number, "Now that is right.", "Yes, that is it.", "Right.")
    else:
        opening = pick(number, "Right.", "Yes.", "That is right.", "Correct.")
    return f"{opening} {last_step}" if last_step else opening


def solution(steps: Sequence[str], answer: str) -> str:
    if not steps:
        return f"The answer is **{answer}**."
    if len(steps) == 1:
        return steps[0]
    return "\n".join(f"{n}. {step}" for n, step in enumerate(steps, start=1))


def bottom_out(steps: Sequence[str], answer: str) -> str:
    return f"Here is the whole way:\n\n{solution(steps, answer)}"


def given_up(number: int, steps: Sequence[str], answer: str) -> str:
    opening = pick(
        number,
        "All right, this is how it goes:",
        "That is fine; let us look at it together.",
        "Then let us see how it works.",
    )
    return f"{opening}\n\n{solution(steps, answer)}"


def wrong_thrice(number: int, steps: Sequence[str], answer: str) -> str:
    opening = pick(
        number,
        "Three tries are enough for one question. Let us look at it together:",
        "Not yet; here is how it goes:",
        "That is not it, either. Let us work it out together:",
    )
    return f"{opening}\n\n{solution(steps, answer)}"


def probe_failed(number: int, steps: Sequence[str], answer: str) -> str:
    opening = pick(
        number,
        "This one is stubborn, and many people meet it. Here is the question worked out:",
        "Not yet. We leave that for now; here is the question itself, worked out:",
    )
    return f"{opening}\n\n{solution(steps, answer)}"


def ask_why(number: int, kind: str, *, retest: bool) -> str:
    """The question after a solution; ``retest``: a similar question is owed."""
    if kind in _NOT_EITHER:
        asked = "**How would you explain that to a friend?** Tell me in your own words, or continue."
    else:
        asked = pick(
            number,
            "**Why does that work?** Tell me in your own words, or continue.",
            "**Which step was the important one, and why?** Tell me, or continue.",
        )
    return f"{asked} A similar question comes later, for you to try alone." if retest else asked


def explanation(covered: Sequence[str], missing: Sequence[str], *, unsure: bool = False, wordless: bool = False) -> str:
    """About the learner's own words. ``unsure``: they said that they do not know; ``wordless``: there are none."""
    if covered and not missing:
        return "Yes, that is the heart of it, in your own words."
    if wordless:
        return "All right, let us go on."
    opening = "That is all right." if unsure else "Thank you."
    if len(covered) > 1:
        return f"Good: {joined(bold(covered[:3]))} are what matters here."
    if covered:
        return f"Good, {bold(covered)[0]} is part of it. {bold(missing)[0]} belongs here, too."
    # More than two words to look for are a list to learn, not a thought to follow.
    looked_for = bold(missing[:2])
    if looked_for:
        words = "are the words" if len(looked_for) > 1 else "is the word"
        return f"{opening} In the solution above, {joined(looked_for)} {words} to hold on to."
    if unsure:
        return "That is all right. Read the solution once more when you meet the next one of its kind."
    return "Thank you. Putting it into words is what makes it stay."


def bold(terms: Sequence[str]) -> list[str]:
    return [f"**{term}**" for term in terms]


# --- mastery -----------------------------------------------------------------------------------------------------


def why_mastery(evidence: Evidence) -> str:
    return {
        Evidence.UNASSISTED: "Right at the first attempt, without help.",
        Evidence.AFTER_HINT: "Solved after one hint: counted as learning, not as proof.",
        Evidence.WITH_HELP: "Solved with help.",
        Evidence.NOT_YET: "The first attempt was not right yet.",
        Evidence.GIVEN_UP: "The solution was shown; a similar question will come.",
    }[evidence]


_SHOWN = {
    Evidence.UNASSISTED: "right",
    Evidence.AFTER_HINT: "right after a hint",
    Evidence.WITH_HELP: "solved with help",
    Evidence.NOT_YET: "not yet",
    Evidence.GIVEN_UP: "solution shown",
}


def why_estimate(record: SkillRecord, *, mastered: bool, needed: int) -> str:
    """Why the tutor believes what it believes of a skill, for the learner to read and contest."""
    counted = f"{record.unassisted} of {record.opportunities} right at the first attempt without help"
    newest = f"; the newest: {', '.join(_SHOWN[one] for one in record.recent)}" if record.recent else ""
    missing = needed - record.unassisted
    if mastered:
        verdict = "mastered"
    elif missing > 0:
        verdict = f"not yet: {missing} more right without help"
    else:
        verdict = "not yet: another right one without help"
    return f"{counted}{newest} ({verdict})."


def skill_line(name: str, record: SkillRecord, *, mastered: bool) -> str:
    """One skill's evidence in a summary."""
    if record.opportunities == 0:
        return f"- **{name}**: not practised yet"
    shown = [f"{record.unassisted} of {record.opportunities} right without help"]
    if record.helped:
        shown.append(f"{record.helped} solved with help")
    status = "mastered" if mastered else "needs more practice"
    return f"- **{name}**: {status} ({', '.join(shown)})"


def topic_summary(
    topic: str, lines: Sequence[str], *, mastered: bool, more: bool, next_review: str | None = None
) -> str:
    opening = f"That completes **{topic}**." if mastered else f"That is all I have on **{topic}** for now."
    closing = "*Continue for the next topic.*" if more else "*That was the last topic. Continue for your final report.*"
    honest = (
        ""
        if mastered
        else "Not all of it is firm yet; that is worth knowing, and your teacher will see where to go on."
    )
    later = review_due(next_review) if next_review else ""
    return "\n\n".join(part for part in (opening, "\n".join(lines), honest, later, closing) if part)


def final_report(course: str, lines: Sequence[str], *, mastered: int, topics: int) -> str:
    shown = "all of its topics" if mastered == topics else f"{mastered} of its {topics} topics"
    opening = (
        f"You have come to the end of **{course}** and mastered {shown}."
        if mastered
        else f"You have come to the end of **{course}**."
    )
    closing = (
        ""
        if mastered == topics
        else "\n\nWhat still needs practice is marked. Begin again whenever you like: the numbers will be new."
    )
    return f"{opening} Here is what you have shown:\n\n" + "\n".join(lines) + closing


def ended_report(course: str, lines: Sequence[str]) -> str:
    if not lines:
        return f"We stop **{course}** here. You can begin again whenever you like."
    return f"We stop **{course}** here. This is what you have shown so far:\n\n" + "\n".join(lines)


def about_summary(lines: Sequence[str], *, more: bool) -> str:
    onward = "Continue for the next topic." if more else "Continue for your final report."
    return "This is what the summary rests on:\n\n" + "\n".join(lines) + f"\n\n*{onward}*"


def after_the_end(lines: Sequence[str], next_review: str | None) -> str:
    due = f" The next one is due on {next_review}; earlier is fine, too." if next_review else ""
    shown = "What you have shown:\n\n" + "\n".join(lines) + "\n\n" if lines else ""
    return f"This lesson is finished. {shown}If you would like to keep it fresh, begin a review.{due}"


# --- a session for reviewing -------------------------------------------------------------------------------------

REVIEW_ASKED = "Good idea: a short review begins, with new numbers."


def review_greeting(course: str, skills: int) -> str:
    many = "one question" if skills == 1 else f"{skills} short questions"
    return (
        f"Welcome back to **{course}**. This is a review: {many} about what you have learned, to see what has stayed. "
        "A hint or a mistake costs nothing; it only brings the next review nearer."
    )


def review_line(name: str, record: SkillRecord, *, mastered: bool) -> str:
    """One skill of a review, and when it comes next."""
    firm = "firm" if mastered else "worth another look"
    if record.card is None:
        return f"- **{name}**: {firm}"
    return f"- **{name}**: {firm}; next review on {retention.date(record.card.due_ms)}"


def review_summary(lines: Sequence[str], *, more: bool) -> str:
    onward = "Continue for the next topic." if more else "Continue for your report."
    return "That was the review. This is what it showed:\n\n" + "\n".join(lines) + f"\n\n*{onward}*"


# --- a learner who disagrees -------------------------------------------------------------------------------------

WHY_UNSURE = "You said that you are not sure of it yet."
CONTESTED_ERROR = (
    "I have taken it off your list, and your teacher will see that you disagree. "
    "If it shows in an answer again, we look at it together."
)


def contested_known(skill: str, *, over: bool) -> str:
    if over:
        return f"I have noted that you know “{skill}”. Begin a review whenever you would like to show it."
    return f"Then show me: the next question is about “{skill}”. If it is right without help, my estimate follows you."


def contested_unsure(skill: str) -> str:
    return f"Thank you for saying so. “{skill}” counts as not firm yet, and we come back to it."


def review_due(next_review: str) -> str:
    return f"So that it stays, the first review of it is due on {next_review}."


ALREADY_ENDED = "This lesson is already finished."

# --- a learner who needs a person --------------------------------------------------------------------------------

SUPPORT = (
    "Thank you for telling me. What you wrote sounds serious, and you should not be alone with it.\n\n"
    "I am a computer program and cannot help with this myself, so I have let your teacher know. "
    "Please talk to a person you trust now: a parent, a teacher, a friend. "
    "If you are in danger, or might hurt yourself, call your local emergency number.\n\n"
    "The lesson can wait. Nothing here counts against you."
)
SUPPORT_AGAIN = (
    "I am still here, and your teacher has been told. The lesson waits until you have talked to somebody. "
    "If it is urgent, call your local emergency number, or go to a grown-up near you."
)
HELD = "The lesson waits until your teacher has talked to you. You can write to me, or end the lesson."
HOLD_RELEASED = "Your teacher says that we can go on. There is no hurry: continue where we were whenever you like."

# --- files of the learner ----------------------------------------------------------------------------------------
# Names come as Markdown that shows them as they are.


def quoted(name: str) -> str:
    return f"“{name}”"


def file_length(sections: int, pages: int | None) -> str:
    if pages is not None:
        return f"{pages} page" if pages == 1 else f"{pages} pages"
    return f"{sections} section" if sections == 1 else f"{sections} sections"


def file_offered(name: str, sections: int, pages: int | None) -> str:
    return (
        f"I have read your file {quoted(name)} ({file_length(sections, pages)}). Shall I use it when I explain "
        "something? Say *no* if not; otherwise just ask, for example *what does my file say about …?*"
    )


def file_ready(name: str, sections: int, pages: int | None) -> str:
    return (
        f"By the way: I have read your file {quoted(name)} ({file_length(sections, pages)}). You can ask me what it "
        "says about something."
    )


def file_failed(name: str, message: str) -> str:
    return f"I could not read your file {quoted(name)}. {message}"


def file_wanted(names: str) -> str:
    return f"Good. When you ask me something, I look into {names} first."


def file_left(names: str) -> str:
    return f"Then I leave {names} aside. If you change your mind, ask me what it says about something."


def from_file(name: str, page: int | None, heading: str, section: int) -> str:
    """Where a quotation is from."""
    place = f"page {page}" if page is not None else f"section {section}"
    return f"From your file {quoted(name)}, {place}" + (f" ({quoted(heading)}):" if heading else ":")


def file_outline(name: str, sections: int, pages: int | None, headings: Sequence[str]) -> str:
    about = "".join(f"\n- {heading}" for heading in headings)
    told = f"Your file {quoted(name)} has {file_length(sections, pages)}" + (
        f", about:\n{about}\n\n" if about else ". "
    )
    return (
        f"{told}Ask me what it says about something, or to show you a {'section' if pages is None else 'page'} of it."
    )


def not_in_file(names: str) -> str:
    return f"I found nothing about that in {names}."


def no_such_part(name: str, kind: str, most: int) -> str:
    if not most:
        return f"{quoted(name)} has no pages that I could tell apart; ask me for a section."
    return (
        f"{quoted(name)} has {most} {kind}s, so there is no such {kind}."
        if most > 1
        else f"{quoted(name)} has one {kind} only."
    )


NOTHING_ON_PAGE = "There is no text on that page."

# --- waiting, failing, pausing -----------------------------------------------------------------------------------


def busy(tool: str) -> str:
    return {
        "check_answer": "Please wait a moment: I am still checking your answer.",
        "check_explanation": "Please wait a moment: I am still reading your explanation.",
        "generate_variant": "One moment: your next question is on its way.",
        "give_hint": "Please wait a moment: I am still looking for a good hint.",
        "remediate": "Please wait a moment: I am thinking of another way to explain it.",
    }.get(tool, "Please wait a moment: I am still working on your last question.")


def still_working(tool: str) -> str:
    return {
        "check_answer": "This takes longer than usual. I am still checking your answer.",
        "check_explanation": "This takes longer than usual. I am still reading your explanation.",
        "generate_variant": "This takes longer than usual. Your next question is on its way.",
        "give_hint": "This takes longer than usual. I am still looking for a good hint.",
    }.get(tool, "This takes longer than usual. I am still looking for a good explanation.")


CANCELLED = "Stopped. We are back where we were."
FALLBACK = "The usual assistant cannot be reached, so I answer from the course's own material."


def tool_failed(tool: str, *, timed_out: bool) -> str:
    what = {
        "check_answer": "Your answer could not be checked",
        "check_explanation": "Your explanation could not be read",
        "give_hint": "I could not find a hint",
    }.get(tool, "I could not find an explanation")
    why = "it took too long" if timed_out else "something on our side went wrong"
    again = "Please ask for it again." if tool in {"give_hint", "remediate"} else "Please send it again."
    return f"{what}: {why}. It is not your fault and nothing was counted. {again}"


STUCK = (
    "Something on our side keeps going wrong, so I have stopped here. Nothing is lost. "
    "Resume to try again; if it goes on, come back a little later."
)
KEPT_FOR_LATER = "I am sorry, I cannot answer right now. I have kept your message; resume, and I will take it up."

PAUSED = "Paused. Everything is kept; come back whenever you like."
PAUSED_BY_INACTIVITY = "I have paused the lesson, as it has been quiet for a while. Just write when you are back."


def recap(where: str) -> str:
    return f"Welcome back. {where}"


def recap_long(days: int, *, waits: bool) -> str:
    onward = " After that we go on where we were." if waits else ""
    return f"Welcome back. It has been {days} days, so we warm up with something you have met before.{onward}"


def after_warm_up(where: str) -> str:
    return f"That was the warm-up. {where}"


def recap_exposition(topic: str) -> str:
    return f"We were reading about **{topic}**. Ask, or continue."


RECAP_QUESTION = "Your question is still open, just as you left it."


def recap_probe(ask: str) -> str:
    return f"We were looking at one thing together: **{ask}**"


RECAP_REVIEW = "We had just looked at a solution. Tell me why it works, or continue."
RECAP_TOPIC_COMPLETE = "You had just finished a topic. Continue when you are ready."
RECAP_NEXT_QUESTION = "Here is the next question."


def nudge(times: int) -> str:
    return pick(
        times,
        "Take your time. If you are stuck, a hint is one click away.",
        "Still there? You can ask for a hint, ask me anything about it, or pause.",
    )


def nudge_reading(times: int) -> str:
    return pick(
        times,
        "Take your time. If a sentence is unclear, ask me about it.",
        "Still there? Continue when you are ready, or pause; nothing is lost.",
    )


# --- what is possible --------------------------------------------------------------------------------------------

COMMANDS = {
    "message.send": "write to me",
    "answer.submit": "answer the question",
    "hint.request": "ask for a hint",
    "question.skip": "put it off",
    "question.give_up": "see the solution",
    "answer.dispute": "say that your answer is right",
    "continue": "continue",
    "turn.cancel": "stop what is running",
    "session.pause": "pause",
    "session.resume": "resume",
    "session.review": "begin a review",
    "progress.contest": "say that my estimate is wrong",
    "session.close": "end the lesson",
}


def not_possible(allowed: Sequence[str]) -> str:
    ways = [COMMANDS[command] for command in allowed]
    return f"That is not possible right now: you can {joined(ways, 'or')}."


# --- for authors and teachers ------------------------------------------------------------------------------------


def note_gap(skills: Sequence[str]) -> str:
    return f"No question is left for {joined(skills)} and mastery is not reached: the bank needs more."


def note_contested(known_error: str) -> str:
    return f"The learner says that the known error {known_error} is not theirs."


def note_dispute(answer: str) -> str:
    return f"The learner says that {answer!r} is right."


def note_orders(answer: str) -> str:
    return f"The answer gives orders to whoever reads it; only code judged it: {answer!r}."


def note_undecided(answer: str) -> str:
    return f"The checker could not decide about {answer!r}."


def note_unexplained(answer: str) -> str:
    return f"A wrong answer that no known error explains: {answer!r}."


def note_skipped_material(topic: str) -> str:
    return f"The learner skipped the material of {topic}."


def note_tool_failed(tool: str, reason: str, error: str) -> str:
    return f"{tool} ended without a result ({reason}){': ' + error if error else ''}."


NOTE_STUCK = "Three calls failed in a row; the session waits in error_state for the learner or an operator."
