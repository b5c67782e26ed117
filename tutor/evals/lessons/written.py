"""Lessons as pages that a teacher can read: one scripted learner each, through a whole course, without a model."""

from __future__ import annotations

from tutor.course import Course
from tutor.evals.lessons.learners import learner, take_lesson
from tutor.evals.lessons.session import LessonSession
from tutor.evals.lessons.transcript import Line, Transcript

#: Who takes the lessons that are kept in the documentation, and what the page says of them.
LEARNERS = {
    "strong": "knows nearly everything",
    "weak": "knows little at first and learns with every question; asks now and then",
    "guessing": "answers at random",
    "hint_abusing": "takes every hint and gives up in treatments",
    "hostile": "presses for the answer, insults, disputes",
}
SEED = 7

_SPEAKERS = {"tutor": "Tutor", "hint": "Hint", "question": "Question"}


def page(course: Course, profile: str, seed: int = SEED) -> str:
    """The lesson as Markdown: the same for the same course, learner and seed."""
    taken = take_lesson(LessonSession(course, seed=seed), learner(profile, seed), seed=seed)
    head = (
        f"# {course.course.title}: the {profile.replace('_', '-')} learner\n\n"
        f"This learner {LEARNERS[profile]}. The tutor runs without a model. "
        f"Written by `make transcripts`; seed {seed}, "
        f"{len(taken.turns)} turns, {_ended(taken)}.\n"
    )
    return "\n".join([head, *(_line(line) for line in taken.lines)])


def _ended(taken: Transcript) -> str:
    counted = [fact for turn in taken.turns for fact in turn.verdicts]
    right = sum(fact.verdict in {"correct", "form_issue"} for fact in counted)
    return f"{len(counted)} messages judged, {right} of them right"


def _line(line: Line) -> str:
    match line.who:
        case "learner":
            return f"**Learner:** {line.text}\n"
        case "verdict" | "note":
            return f"*({line.text})*\n"
        case who:
            quoted = "\n".join(f"> {part}".rstrip() for part in line.text.splitlines())
            return f"> **{_SPEAKERS[who]}:**\n>\n{quoted}\n"
