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


def greeting(course: str, topic: str, *, again: bool = False) -> str:
    if again:
        return f"Welcome back to **{course}**. What you had mastered counts; we go on with **{topic}**."
    return (
        f"Hello, and welcome to **{course}**.\n\n"
        f"We begin with **{topic}**. I explain a little, then you try. Ask whenever something is unclear; "
        "a hint or a mistake costs nothing here."
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


def clarified_with_question_open(text: str) -> str:
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

HINT_TOO_SOON = "Give that hint a moment first: read it again and try one step. Then ask me for more if you need it."


def offer_hint(number: int) -> str:
    return pick(
        number,
        "A hint first? It does not count against you. To see the solution instead, give up once more.",
        "Before you let it go: would a hint help? It does not count against you. "
        "If you would rather see the solution, give up once more and I will show it.",
    )


def put_off(number: int) -> str:
    return pick(number, "All right, we leave that one for later.", "Fine, we come back to it another time.")


DISPUTED = (
    "Thank you for saying so. I have noted your last answer and that you think it is right; your teacher will see it. "
    "It costs you nothing. Until then the question stays open: if you see another way to write your answer, try that."
)
DISPUTED_WITHOUT_ANSWER = "You have not answered this one yet, so there is nothing to check again. What is your answer?"

OFF_TOPIC = "That is for another time, I think. The question is still open: have a go, or ask for a hint."
OFF_TOPIC_AGAIN = "Your thoughts seem to be elsewhere; that happens. Shall we pause? Everything will be kept as it is."
STILL_OPEN = "The question is still open. Answer it, ask for a hint, or put it off for later."
NOTHING_RUNNING = "Nothing is running that I could stop. If you need a break, pause: the question stays as it is."

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


def wrong(feedback: str, attempts: int) -> str:
    opening = pick(attempts - 1, "Not quite.", "Not yet.")
    where = feedback or pick(
        attempts - 1,
        "Go back to the question and check your first step.",
        "Put your answer back into the question: where does it stop fitting?",
    )
    # The checker's own sentence often opens like this already.
    said = where if where.lower().startswith(("that is not", "not ")) else f"{opening} {where}"
    return f"{said} A hint is there if you want one."


def same_wrong(answer: str) -> str:
    return (
        f"“{answer}” is what you had before, so the way there needs a change, not the arithmetic. "
        "Ask for a hint now: it shows where to look."
    )


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


def probe_wrong(remedy: Sequence[str], ask: str) -> str:
    other_way = " ".join(remedy) or "Let us look at it from another side: try it with the numbers, step by step."
    return f"Not yet. Here it is in another way: {other_way}\n\nOnce more: **{ask}**"


def remedy_hint(remedy: Sequence[str], ask: str) -> str:
    return f"{' '.join(remedy) or 'Try it with the numbers, step by step.'}\n\n**{ask}**"


# --- solutions: rows that may show the answer --------------------------------------------------------------------


#: What the checker says where it has nothing particular to say.
PLAIN_CORRECT = "Yes, that is right."


def correct(feedback: str, last_step: str, number: int, *, helped: bool) -> str:
    if feedback and feedback != PLAIN_CORRECT:
        opening = feedback
    elif helped:
        opening = pick(number, "Right: you worked it out.", "That is right; you stayed with it.")
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


def wrong_thrice(_number: int, steps: Sequence[str], answer: str) -> str:
    return f"You have stayed with it; now let us look at the way together.\n\n{solution(steps, answer)}"


def probe_failed(_number: int, steps: Sequence[str], answer: str) -> str:
    return (
        f"This one is stubborn, and many people meet it. Here is the question worked out:\n\n{solution(steps, answer)}"
    )


def ask_why(*, retest: bool) -> str:
    """The question after a solution; ``retest``: a similar question is owed."""
    asked = "**Why does that work?** Tell me in your own words, or continue."
    return f"{asked} A similar question comes later, for you to try alone." if retest else asked


def explanation(covered: Sequence[str], missing: Sequence[str]) -> str:
    if covered and not missing:
        return "Yes, that is the heart of it, in your own words."
    if covered:
        return f"Good, you named {joined(bold(covered))}. What also matters here: {joined(bold(missing))}."
    if missing:
        return f"Thank you. What I would look for in it: {joined(bold(missing))}."
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
    }.get(tool, "Please wait a moment: I am still working on your last question.")


def still_working(tool: str) -> str:
    return {
        "check_answer": "This takes longer than usual. I am still checking your answer.",
        "check_explanation": "This takes longer than usual. I am still reading your explanation.",
    }.get(tool, "This takes longer than usual. I am still looking for a good explanation.")


CANCELLED = "Stopped. We are back where we were."
FALLBACK = "The usual assistant cannot be reached, so I answer from the course's own material."


def tool_failed(tool: str, *, timed_out: bool) -> str:
    what = {
        "check_answer": "Your answer could not be checked",
        "check_explanation": "Your explanation could not be read",
    }.get(tool, "I could not find an explanation")
    why = "it took too long" if timed_out else "something on our side went wrong"
    return f"{what}: {why}. It is not your fault and nothing was counted. Please send it again."


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


def note_undecided(answer: str) -> str:
    return f"The checker could not decide about {answer!r}."


def note_unexplained(answer: str) -> str:
    return f"A wrong answer that no known error explains: {answer!r}."


def note_skipped_material(topic: str) -> str:
    return f"The learner skipped the material of {topic}."


def note_tool_failed(tool: str, reason: str, error: str) -> str:
    return f"{tool} ended without a result ({reason}){': ' + error if error else ''}."


NOTE_STUCK = "Three calls failed in a row; the session waits in error_state for the learner or an operator."
