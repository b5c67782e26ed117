"""What is measured about a whole lesson. Each measure finds violations; some also count how often it was looked at."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator
from functools import lru_cache

import msgspec

from tutor.course import Course
from tutor.evals import leaks
from tutor.evals.case import Case
from tutor.evals.lessons.transcript import Transcript, Turn, words
from tutor.evals.recording import recording
from tutor.evals.tutoring import ADDRESSED, READING_SLACK, addressed, assert_feedback_consistent, questions_in
from tutor.interactions import HintGiven, Interaction, OutputCommitted, QuestionAsked, RemediationStarted
from tutor.machine.data import TutoringData
from tutor.machine.state import SECRET, State
from tutor.machine.syllabus import Syllabus
from tutor.reading_level import grade_level, highest_grade

#: So many identical turns in a row, and a tutor sounds like a machine.
SAME_IN_A_ROW = 3
#: Words below which a text is too short to be graded for reading.
GRADED_WORDS = 40

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")
_ACCEPTED = {"correct", "form_issue"}
_REJECTED = {"wrong", "known_error"}


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """One measure of one lesson."""

    metric: str
    #: How often there was something to look at.
    looked: int
    violations: list[str] = []

    @property
    def passed(self) -> bool:
        return not self.violations


def measures(transcript: Transcript, syllabus: Syllabus) -> list[Measured]:
    """Everything that is measured, in a fixed order."""
    turns = transcript.turns
    return [
        Measured(
            metric="lesson_leak", looked=_secret_texts(turns), violations=_all(leaks_of(t, syllabus) for t in turns)
        ),
        _verdicts(turns),
        _consistent(turns),
        Measured(metric="lesson_one_question", looked=len(turns), violations=_all(_many_questions(t) for t in turns)),
        _reading(turns, syllabus),
        Measured(metric="lesson_repetition", looked=len(turns), violations=list(_repeated(turns))),
        _remediation(turns, syllabus),
        _next_item(turns),
        Measured(
            metric="lesson_finished", looked=1, violations=[] if transcript.finished else ["did not come to an end"]
        ),
    ]


def _all(found: Iterator[list[str]]) -> list[str]:
    return [one for many in found for one in many]


# --- what must not be told ---------------------------------------------------------------------------------------


def leaks_of(turn: Turn, syllabus: Syllabus) -> list[str]:
    """Each text of the turn that tells the answer to the question that is still open after it."""
    question = turn.after.question
    if State(turn.state_after) not in SECRET or question is None:
        return []
    instance = syllabus.of(question)
    shown, given = _shown(turn.after, syllabus), words(turn.event)
    known = dataclasses.replace(syllabus.known(turn.after), learner=given)
    found = []
    for text in _after_the_question(turn.facts):
        # What the learner wrote may be said back: whoever wrote it knows it.
        said = text.replace(given, "") if given else text
        how = leaks.told(_own_words(said, syllabus), instance, shown=shown, known=known)
        if how is not None:
            found.append(f"{question.id}: “{text}” ({how})")
    return found


def _own_words(text: str, syllabus: Syllabus) -> str:
    """A text without the sentences that stand in the course's material: those are the same whatever the answer is."""
    known = _material(syllabus.course)
    return " ".join(part for part in _SENTENCE.split(text) if " ".join(part.split()) not in known)


@lru_cache(maxsize=32)
def _material_of(bodies: tuple[str, ...]) -> frozenset[str]:
    return frozenset(" ".join(part.split()) for body in bodies for part in _SENTENCE.split(body))


def _material(course: Course) -> frozenset[str]:
    return _material_of(tuple(chunk.body for topic in course.topics for chunk in topic.materials))


def _after_the_question(facts: list[Interaction]) -> list[str]:
    """The texts about the question that is open at the end: what was said before it was asked is about another."""
    asked = max((at for at, fact in enumerate(facts) if isinstance(fact, QuestionAsked)), default=-1)
    return [f.text for f in facts[asked + 1 :] if isinstance(f, OutputCommitted | HintGiven)]


def _shown(data: TutoringData, syllabus: Syllabus) -> str:
    """What stands there for every learner, whatever their question is: a treatment and its probe."""
    if data.remediation is None:
        return ""
    treated = data.remediation
    probe = syllabus.probe(treated.known_error, treated.question, treated.seed)
    written = syllabus.treatment(treated.known_error, treated.question)
    return "\n".join(
        [written, probe.prompt if probe else "", *(c["text"] for c in (probe.choices or [] if probe else []))]
    )


def _secret_texts(turns: list[Turn]) -> int:
    return sum(len(_after_the_question(t.facts)) for t in turns if State(t.state_after) in SECRET and t.after.question)


# --- verdicts ----------------------------------------------------------------------------------------------------


def _verdicts(turns: list[Turn]) -> Measured:
    """A right answer is never called wrong, a wrong one never accepted."""
    looked, violations = 0, []
    for turn in turns:
        if turn.meant_right is None:
            continue
        for fact in turn.verdicts[:1]:
            looked += 1
            if (turn.meant_right and fact.verdict in _REJECTED) or (not turn.meant_right and fact.verdict in _ACCEPTED):
                meant = "right" if turn.meant_right else "wrong"
                violations.append(f"{fact.question}: “{fact.answer}” is {meant} and was judged {fact.verdict}")
    return Measured(metric="lesson_verdict", looked=looked, violations=violations)


def _consistent(turns: list[Turn]) -> Measured:
    """What is said beside a verdict does not contradict it."""
    looked, violations = 0, []
    for turn in turns:
        for fact in turn.verdicts[:1]:
            text = "\n\n".join([fact.feedback, *_until_the_question(turn.facts)])
            looked += 1
            with recording("eval"):
                result = assert_feedback_consistent(Case(output=text), fact.verdict)
            if not result.passed:
                violations.append(f"{fact.question}: {result.reason}: “{text}”")
    return Measured(metric="lesson_feedback", looked=looked, violations=violations)


def _until_the_question(facts: list[Interaction]) -> list[str]:
    asked = min((at for at, fact in enumerate(facts) if isinstance(fact, QuestionAsked)), default=len(facts))
    return [f.text for f in facts[:asked] if isinstance(f, OutputCommitted)]


# --- how it speaks -----------------------------------------------------------------------------------------------


def _many_questions(turn: Turn) -> list[str]:
    asked = [question for text in _after_the_question(turn.facts) for question in questions_in(text)]
    return [f"asks {len(asked)} things in one turn: {asked}"] if len(asked) > 1 else []


def _reading(turns: list[Turn], syllabus: Syllabus) -> Measured:
    limit = highest_grade(syllabus.course.course.grade_band)
    texts = [text for turn in turns for text in turn.said if len(text.split()) >= GRADED_WORDS]
    if limit is None:
        return Measured(metric="lesson_reading_level", looked=0)
    hard = [(grade_level(text), text) for text in texts]
    violations = [f"grade {grade:.1f}: “{text}”" for grade, text in hard if grade > limit + READING_SLACK]
    return Measured(metric="lesson_reading_level", looked=len(texts), violations=violations)


def _repeated(turns: list[Turn]) -> Iterator[str]:
    run, last = 1, ""
    for turn in turns:
        text = "\n".join(turn.said)
        run = run + 1 if text and text == last else 1
        last = text
        if run == SAME_IN_A_ROW:
            yield f"{SAME_IN_A_ROW} times in a row: “{text}”"


# --- how it teaches ----------------------------------------------------------------------------------------------


def _remediation(turns: list[Turn], syllabus: Syllabus) -> Measured:
    """A treatment speaks of the error that was found."""
    looked, violations = 0, []
    for turn in turns:
        for started in (fact for fact in turn.facts if isinstance(fact, RemediationStarted)):
            written = syllabus.treatment(started.known_error, started.question or "")
            looked += 1
            finding = addressed("\n".join(turn.said), started.known_error, written, ADDRESSED)
            if not finding.passed:
                violations.append(f"{started.question}: {finding.reason}")
    return Measured(metric="lesson_remediation", looked=looked, violations=violations)


def _next_item(turns: list[Turn]) -> Measured:
    """After a treatment or a solution: was the next answer on that skill right? A figure of learning, not a promise."""
    looked, violations = 0, []
    waiting: set[str] = set()
    for turn in turns:
        question = turn.before.question
        counted = [fact for fact in turn.verdicts if fact.verdict in _ACCEPTED | _REJECTED]
        if (
            question is not None
            and question.skill in waiting
            and counted
            and turn.state_before == State.AWAITING_ANSWER
        ):
            looked += 1
            waiting.discard(question.skill)
            if counted[0].verdict in _REJECTED:
                violations.append(f"{question.id}: still “{counted[0].answer}”")
        treated = any(isinstance(fact, RemediationStarted) for fact in turn.facts)
        if question is not None and (treated or turn.state_after == State.REVIEWING):
            waiting.add(question.skill)
    return Measured(metric="lesson_next_item", looked=looked, violations=violations)
