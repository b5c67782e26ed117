"""What a compaction may stand for, and what it keeps word for word."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tutor.projections.generated import logs, row
from tutor import compaction
from tutor.interactions import (
    AnswerChecked,
    CompactionCompleted,
    MessageAccepted,
    SessionRewound,
    TurnFinished,
    TurnStarted,
)
from tutor.projections.fact import Fact
from tutor.projections.standing import standing
from tutor.projections.tokens import tokens


def conversation(turns: int) -> list[Fact]:
    rows: list[Fact] = []
    for number in range(turns):
        rows.append(row(len(rows) + 1, MessageAccepted(text=f"m{number}"), None, f"m{number}"))
        rows.append(row(len(rows) + 1, TurnStarted(by="learner"), f"t{number}", f"m{number}"))
        rows.append(row(len(rows) + 1, TurnFinished(outcome="completed"), f"t{number}", f"m{number}"))
    return rows


def completed(upto: int) -> CompactionCompleted:
    return CompactionCompleted(upto=upto, summary="", verdicts=[], known_errors={}, interactions=1, by="extract")


def rewound(to: int) -> SessionRewound:
    return SessionRewound(to=to, state="a", actor="x")


@given(log=logs(max_turns=20))
def test_the_last_six_turns_are_never_compacted(log: list[Fact]) -> None:
    upto = compaction.boundary(reversed(log))

    if upto is not None:
        kept = [fact for fact in standing(reversed(log)) if fact.seq > upto and fact.kind == "turn.started"]
        assert len(kept) >= compaction.KEEP_TURNS


def test_a_short_session_has_nothing_to_compact() -> None:
    assert compaction.boundary(reversed(conversation(6))) is None
    assert compaction.boundary(reversed(conversation(7))) == 3


@given(log=logs(max_turns=20))
def test_verdicts_and_known_errors_are_kept_word_for_word(log: list[Fact]) -> None:
    half = len(log) // 2
    checked = [f.interaction for f in standing(reversed(log)) if isinstance(f.interaction, AnswerChecked)][::-1]
    if any(fact.kind in {"session.rewound", "turn.finished"} for fact in log[half:]) and half:
        half = len(log)

    first = compaction.completed(log[:half], None, half, "", "extract")
    both = compaction.completed(log[half:], first, len(log), "", "extract")

    assert [verdict for _, *given in both.verdicts for verdict in given] == [one.verdict for one in checked]
    assert both.known_errors == ({"e": len(checked)} if checked else {})


def test_the_question_answered_last_is_last() -> None:
    def checked(seq: int, question: str) -> Fact:
        return row(seq, AnswerChecked(question=question, answer="1", verdict="wrong", feedback=""))

    verdicts, _ = compaction.kept([checked(1, "q1"), checked(2, "q2"), checked(3, "q1")], None)

    assert verdicts == [["q2", "wrong"], ["q1", "wrong", "wrong"]]


@given(log=logs(max_turns=20))
def test_a_summary_is_bounded_however_long_the_log(log: list[Fact]) -> None:
    before = compaction.completed(log, None, len(log), compaction.extract(log, None), "extract")

    assert tokens(compaction.extract(log, before)) <= compaction.SUMMARY_TOKENS


def test_the_newest_completed_one_counts() -> None:
    assert compaction.last_completed([(30, completed(20)), (10, completed(5))]) == 30


def test_one_that_was_taken_back_does_not_count() -> None:
    assert compaction.last_completed([(40, rewound(15)), (30, completed(20)), (10, completed(5))]) == 10


def test_one_that_stands_for_something_that_was_taken_back_does_not_count() -> None:
    """It was under way when the session was rewound: its text tells of what is not there any more."""
    assert compaction.last_completed([(50, completed(20)), (40, rewound(15)), (10, completed(5))]) == 10


def test_one_asked_for_after_a_rewind_counts() -> None:
    assert compaction.last_completed([(60, completed(45)), (40, rewound(15)), (10, completed(5))]) == 60


@given(st.lists(st.integers(1, 50), max_size=6))
def test_without_rewinds_it_is_always_the_newest(uptos: list[int]) -> None:
    landmarks = [(upto + 1, completed(upto)) for upto in sorted(set(uptos), reverse=True)]

    assert compaction.last_completed(landmarks) == (landmarks[0][0] if landmarks else None)


@st.composite
def landmarks_of_a_log(draw: st.DrawFn) -> list[tuple[int, CompactionCompleted | SessionRewound]]:
    """Compactions and rewinds of one log, newest first; each speaks of a seq before its own."""
    seqs = sorted(draw(st.sets(st.integers(2, 60), max_size=8)), reverse=True)
    landmarks: list[tuple[int, CompactionCompleted | SessionRewound]] = []
    for seq in seqs:
        about = draw(st.integers(1, seq - 1))
        landmarks.append((seq, completed(about) if draw(st.booleans()) else rewound(about)))
    return landmarks


def by_looking_at_all(landmarks: list[tuple[int, CompactionCompleted | SessionRewound]]) -> int | None:
    """The same question, answered the slow way: what counts first, then what nothing has taken back."""
    counting: list[tuple[int, CompactionCompleted | SessionRewound]] = []
    goes_on_at = 61
    for seq, fact in landmarks:
        if seq <= goes_on_at:
            counting.append((seq, fact))
            goes_on_at = fact.to if isinstance(fact, SessionRewound) else 61
    undone = [(fact.to, seq) for seq, fact in counting if isinstance(fact, SessionRewound)]
    for seq, fact in counting:
        if isinstance(fact, CompactionCompleted) and not any(to < fact.upto < at for to, at in undone):
            return seq
    return None


@given(landmarks_of_a_log())
def test_reading_on_demand_finds_the_one_that_reading_all_finds(
    landmarks: list[tuple[int, CompactionCompleted | SessionRewound]],
) -> None:
    assert compaction.last_completed(landmarks) == by_looking_at_all(landmarks)


def test_of_a_thousand_compactions_two_are_read() -> None:
    thousand = iter([(10 * number, completed(10 * number - 5)) for number in range(1_000, 0, -1)])

    assert compaction.last_completed(thousand) == 10_000
    assert next(thousand)[0] == 9_980
