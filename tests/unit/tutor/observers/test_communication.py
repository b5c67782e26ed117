"""The pattern of a conversation."""

from __future__ import annotations

from tests.unit.tutor.observers.hand_log import HandLog
from tutor.interactions import MessageAccepted


def test_three_messages_off_the_topic_in_a_row_are_told() -> None:
    log = HandLog()
    places = tuple(log.answer("not_an_answer", intent="off_topic") for _ in range(3))

    assert log.told("communication") == [("teacher", "off_topic", places)]


def test_an_attempt_or_a_wish_between_them_breaks_the_row() -> None:
    log = HandLog()
    for between in ("attempt", "wish"):
        log.answer("not_an_answer", intent="off_topic")
        log.answer("not_an_answer", intent="off_topic")
        log.answer("wrong") if between == "attempt" else log.answer("not_an_answer", intent="hint")

    assert log.told("communication") == []


def test_three_questions_given_up_without_a_try_are_told_to_both() -> None:
    log = HandLog()
    places = tuple(log.moves("reviewing_solution", "give_up_requested") for _ in range(3))

    assert log.told("communication") == [("teacher", "giving_up", places), ("tutor", "giving_up", places)]


def test_a_try_in_between_is_no_pattern() -> None:
    log = HandLog()
    for _ in range(3):
        log.moves("reviewing_solution", "give_up_requested")
        log.answer("malformed")

    assert log.told("communication") == []


def test_messages_while_the_tutor_is_at_work_are_impatience_if_they_come_quickly() -> None:
    log = HandLog()
    quick = tuple(log.add(MessageAccepted(text="hello?", disposition="busy"), 2) for _ in range(3))
    for _ in range(3):
        log.add(MessageAccepted(text="still there?", disposition="busy"), 40)

    assert log.told("communication") == [("teacher", "impatience", quick)]
