from __future__ import annotations

import pytest

from tutor import events
from tutor.evals.lessons.learners import PROFILES, learner, right_answer, take_lesson, wrong_answer
from tutor.evals.lessons.measures import measures
from tutor.evals.lessons.session import LessonSession
from tutor.evals.lessons.transcript import Transcript
from tutor.evals.subject import course
from tutor.interactions import AnswerChecked, HintGiven
from tutor.machine import TutoringMachine

MACHINE = TutoringMachine(course("linear-equations"))


def lesson(profile: str, seed: int = 1) -> Transcript:
    session = LessonSession(MACHINE.course, seed=seed, machine=MACHINE)
    return take_lesson(session, learner(profile, seed), seed=seed)


@pytest.mark.parametrize("profile", sorted(PROFILES))
def test_the_same_seed_takes_the_same_lesson_to_its_end(profile: str) -> None:
    one, other = lesson(profile), lesson(profile)

    assert one.lines == other.lines
    assert one.finished
    assert one.lines != lesson(profile, 2).lines


def test_profiles_differ_as_their_names_say() -> None:
    def share_right(profile: str) -> float:
        verdicts = [fact.verdict for fact in lesson(profile).facts(AnswerChecked)]
        counted = [v for v in verdicts if v in {"correct", "form_issue", "wrong", "known_error"}]
        return sum(v in {"correct", "form_issue"} for v in counted) / len(counted)

    assert share_right("strong") > 0.85 > share_right("weak") > share_right("guessing")
    hints = {profile: len(list(lesson(profile).facts(HintGiven))) for profile in PROFILES}
    assert max(hints, key=lambda profile: hints[profile]) == "hint_abusing"


@pytest.mark.parametrize("seed", range(5))
def test_what_a_learner_means_is_what_the_answer_is(seed: int) -> None:
    import random

    from tutor.checking import check

    for question in MACHINE.syllabus.questions:
        instance = MACHINE.syllabus.instance(question, seed)
        assert check(instance, right_answer(instance)).verdict == "correct"
        wrong = check(instance, wrong_answer(instance, random.Random(seed)))
        assert wrong.verdict not in {"correct", "form_issue"}


def test_a_measure_finds_what_it_is_for() -> None:
    """A lesson with its words changed for the worse fails each measure that is about these words."""
    import msgspec

    from tutor.interactions import OutputCommitted

    transcript = lesson("weak", 3)
    answer_told = []
    for turn in transcript.turns:
        question = turn.after.question
        if question is not None and turn.state_after == "awaiting_answer":
            text = f"Yes, that is right: {MACHINE.syllabus.of(question).answer}. Is it? Or not?"
            facts = [*turn.facts, OutputCommitted(text=text, len=len(text))]
            answer_told.append(msgspec.structs.replace(turn, facts=facts))
        else:
            answer_told.append(turn)
    before = {one.metric: one.passed for one in measures(transcript, MACHINE.syllabus)}
    after = measures(msgspec.structs.replace(transcript, turns=answer_told), MACHINE.syllabus)

    assert before["lesson_leak"]
    assert before["lesson_feedback"]
    failed = {one.metric for one in after if not one.passed}
    assert failed >= {"lesson_leak", "lesson_feedback", "lesson_one_question"}


def test_a_flipped_verdict_is_seen() -> None:
    import msgspec

    transcript = lesson("strong")
    at = next(n for n, turn in enumerate(transcript.turns) if turn.meant_right and turn.verdicts)
    turns = list(transcript.turns)
    turns[at] = msgspec.structs.replace(turns[at], meant_right=False)

    measured = {one.metric: one for one in measures(msgspec.structs.replace(transcript, turns=turns), MACHINE.syllabus)}

    assert len(measured["lesson_verdict"].violations) == 1


def test_a_tool_that_fails_is_told_honestly_and_ends_nothing() -> None:
    def broken(*_: object) -> dict[str, object]:
        raise ConnectionError("no line")

    session = LessonSession(MACHINE.course, tools={"clarify_concept": broken})
    session.do(events.Start())
    turn = session.do(events.UserMessage(text="why?"))

    assert session.state == "exposition"
    assert "not your fault" in turn.said[-1]
