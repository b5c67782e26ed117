"""Rewinds and rollbacks take back; nothing else does, and a rewind can bring back what another one took."""

from __future__ import annotations

from hypothesis import given

from tests.unit.tutor.projections.generated import logs, row
from tutor import projections
from tutor.interactions import MessageAccepted, OutputCommitted, SessionRewound, TurnFinished, TurnStarted
from tutor.projections.fact import Fact
from tutor.projections.standing import in_order
from tutor.projections.transcript import transcript


def said(log: list[Fact]) -> list[str]:
    return [line["text"] for line in transcript(log)]


def message(seq: int, text: str) -> Fact:
    return row(seq, MessageAccepted(text=text))


def rewind(seq: int, to: int) -> Fact:
    return row(seq, SessionRewound(to=to, state="a", actor="x"))


def reference(log: list[Fact]) -> list[int]:
    """What counts, by playing the log forwards: a rewind makes the log what it was."""
    counting: list[int] = []
    after: list[list[int]] = [[]]
    for fact in log:
        if fact.kind == "session.rewound" and isinstance(fact.interaction, SessionRewound):
            counting = [*after[fact.interaction.to], fact.seq]
        else:
            counting = [*counting, fact.seq]
        after.append(counting)
    rolled = {
        (fact.turn, fact.cause)
        for fact in log
        if fact.seq in counting and isinstance(fact.interaction, TurnFinished)
        and fact.interaction.outcome == "rolled_back"
    }  # fmt: skip
    turns, causes = {turn for turn, _ in rolled}, {cause for _, cause in rolled if cause}
    by_seq = {fact.seq: fact for fact in log}
    return [seq for seq in counting if by_seq[seq].turn not in turns - {None} and by_seq[seq].cause not in causes]


@given(log=logs())
def test_reading_backwards_finds_what_playing_forwards_finds(log: list[Fact]) -> None:
    assert [fact.seq for fact in in_order(log)] == reference(log)


def test_a_rewind_takes_back_what_came_after_its_seq() -> None:
    assert said([message(1, "a"), message(2, "b"), rewind(3, 1), message(4, "c")]) == ["a", "c"]


def test_a_rewind_into_what_was_taken_back_brings_it_back() -> None:
    assert said([message(1, "a"), message(2, "b"), rewind(3, 1), rewind(4, 2)]) == ["a", "b"]


def test_a_rolled_back_turn_goes_with_the_words_that_opened_it() -> None:
    log = [
        message(1, "kept"),
        row(2, MessageAccepted(text="gone"), None, "m1"),
        row(3, TurnStarted(by="learner"), "t3", "m1"),
        row(4, OutputCommitted(text="half an answer", len=14, partial=True), "t3", "m1"),
        row(5, TurnFinished(outcome="rolled_back"), "t3", "m1"),
        message(6, "instead"),
    ]

    assert said(log) == ["kept", "instead"]


def test_the_teacher_sees_what_was_taken_back_marked_as_such() -> None:
    import json

    view = json.loads(projections.project("timeline", [message(1, "a"), message(2, "b"), rewind(3, 1)]))

    assert [(line["seq"], line["stands"]) for line in view] == [(1, True), (2, False), (3, True)]


def test_what_was_erased_is_left_out_and_its_place_kept() -> None:
    import json

    erased = Fact(1, "message.accepted", 1, "2026-01-01T00:00:00.000000Z", 0, None, None, None)

    assert said([erased, message(2, "b")]) == ["b"]
    assert [line["d"] for line in json.loads(projections.project("timeline", [erased]))] == [None]
