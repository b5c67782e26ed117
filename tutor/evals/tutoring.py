"""Metrics of a tutor: what it must never give away, how it asks, how hard it reads, whether words fit the verdict."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tutor import reading_level
from tutor.checking import check
from tutor.evals import leaks
from tutor.evals.case import Case, Finding
from tutor.evals.exceptions import BadOptions
from tutor.evals.registry import metric
from tutor.evals.subject import course, needed
from tutor.interactions import Verdict
from tutor.machine.state import SECRET, State
from tutor.questions import QuestionInstance, UnknownQuestion, treatment
from tutor.speech import accepts, own_words, rejects
from tutor.terms import terms

#: A question, or how a dataset names one: ``{course: …, id: …, seed: …}``.
Question = QuestionInstance | Mapping[str, Any]

#: Grades above the limit that are let pass: the measure itself is no finer.
READING_SLACK = 1.0
#: Words below which a text is too short to be graded for reading.
LEAST_WORDS = 40
#: Of a text about a known error, the share of terms that have to be about this error.
ADDRESSED = 0.2
#: Grows the score of a verdict: what a text beside the answer must never do.
_WORTH = {"correct": 1.0, "form_issue": 0.9, "partial": 0.5, "known_error": 0.0, "wrong": 0.0}


@metric("answer_leak", main="question", kind="tutoring")
def refute_answer_leak(
    case: Case, question: Question | None = None, state: str = State.AWAITING_ANSWER, shown: str = ""
) -> Finding:
    """The output does not tell the open question's answer; where the state may show it, anything goes."""
    instance = needed(case, question, "refute_answer_leak")
    if state not in set(State):
        raise BadOptions(f"refute_answer_leak: there is no state {state!r}")
    if State(state) not in SECRET:
        return Finding(passed=True)
    how = leaks.told(case.output, instance, shown="\n".join([shown, *case.context]))
    return Finding(passed=how is None, reason=how or "")


def questions_in(text: str) -> list[str]:
    """The questions a text puts to its reader; quotations and "think about it" are not for answering."""
    return [part.strip() for part in re.findall(r"[^.!?\n]*\?+", own_words(text))]


@metric("asks_question", kind="tutoring")
def assert_asks_question(case: Case) -> Finding:
    """The output asks the learner something."""
    return Finding(passed=bool(questions_in(case.output)), reason="asks nothing")


@metric("one_question", kind="tutoring")
def assert_one_question(case: Case) -> Finding:
    """The output asks the learner one thing at most."""
    asked = questions_in(case.output)
    return Finding(passed=len(asked) <= 1, reason=f"asks {len(asked)} things at once: {asked}")


@metric("reading_level", main="max_grade", kind="tutoring")
def assert_reading_level(case: Case, max_grade: float, least_words: int = LEAST_WORDS) -> Finding:
    """The output reads no harder than this school grade (Flesch-Kincaid, formulas left out)."""
    if len(case.output.split()) < least_words:
        return Finding(passed=True)
    grade = reading_level.grade_level(case.output)
    return Finding(
        passed=grade <= max_grade + READING_SLACK, reason=f"reads like grade {grade:.1f}, {max_grade:g} wanted"
    )


@metric("addresses_misconception", main="known_error", kind="tutoring")
def assert_addresses_misconception(
    case: Case, known_error: str, question: Question | None = None, least: float = ADDRESSED
) -> Finding:
    """The output is about this known error and not about something else."""
    instance = needed(case, question, "assert_addresses_misconception")
    named = question if question is not None else case.metadata["question"]
    slug = named["course"] if isinstance(named, Mapping) else case.metadata.get("course")
    if slug is None:
        raise BadOptions("assert_addresses_misconception needs to know the course: metadata={'course': …}")
    try:
        written = treatment(course(str(slug)), known_error, instance.id)
    except UnknownQuestion as error:
        raise BadOptions(str(error)) from None
    return addressed(case.output, known_error, written, least)


def addressed(text: str, known_error: str, written: str, least: float = ADDRESSED) -> Finding:
    """Whether a text speaks of what an author wrote about a known error."""
    if not written:
        raise BadOptions(f"there is no known error {known_error!r} with a treatment")
    own, about = terms(text), terms(written)
    share = len(own & about) / len(own) if own else 0.0
    return Finding(
        passed=share >= least,
        score=round(share, 4),
        reason=f"{share:.0%} of its terms are about {known_error}, {least:.0%} wanted",
    )


@metric("feedback_consistent", main="verdict", kind="tutoring")
def assert_feedback_consistent(case: Case, verdict: Verdict) -> Finding:
    """The words do not contradict the verdict: no "correct" for a wrong answer, no "not yet" for a right one."""
    if verdict in {"partial", "undecided", "not_an_answer"}:
        return Finding(passed=True)
    found = rejects(case.output) if verdict in {"correct", "form_issue"} else accepts(case.output)
    return Finding(passed=found is None, reason=f"says {found!r} although the verdict is {verdict}")


@metric("state_path", main="path", kind="tutoring")
def assert_state_path(case: Case, path: Sequence[str], states: Sequence[str] | None = None) -> Finding:
    """The session went through exactly these states, staying left out (``states``, or the case's ``states``)."""
    went = list(states if states is not None else case.metadata.get("states", ()))
    if not went:
        raise BadOptions("assert_state_path needs states=… or metadata with states")
    unknown = [state for state in path if state not in set(State)]
    if unknown:
        raise BadOptions(f"assert_state_path: there is no state {unknown[0]!r}")
    moved = [state for at, state in enumerate(went) if at == 0 or went[at - 1] != state]
    return Finding(passed=moved == [str(state) for state in path], reason=f"went {' → '.join(moved)}")


@metric("score_changed_by_text", main="text", kind="tutoring")
def refute_score_changed_by_text(case: Case, text: str | list[str], question: Question | None = None) -> Finding:
    """No text around the answer (the output) raises its score or turns a right answer into a wrong one."""
    instance = needed(case, question, "refute_score_changed_by_text")
    for typed in (False, True):
        plain = check(instance, case.output, typed=typed)
        for added in [text] if isinstance(text, str) else text:
            for around in (f"{case.output} {added}", f"{added} {case.output}", f"{case.output}\n\n{added}"):
                verdict = check(instance, around, typed=typed)
                if not verdict.counts:
                    continue  # not taken as an answer: nothing is scored
                # A plain text that is not taken as an answer is worth nothing.
                worth = _WORTH[plain.verdict] if plain.counts else 0.0
                if _WORTH[verdict.verdict] > worth or (worth == 1.0 and _WORTH[verdict.verdict] == 0.0):
                    return Finding(
                        passed=False,
                        reason=f"{around!r} is judged {verdict.verdict}, {case.output!r} is {plain.verdict}",
                    )
    return Finding(passed=True)
