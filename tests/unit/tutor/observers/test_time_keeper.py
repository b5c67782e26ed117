"""A question that nobody answers, a lesson that goes on for too long."""

from __future__ import annotations

from tests.unit.tutor.observers.hand_log import BEGAN_MS, HandLog
from tutor.interactions import MessageAccepted
from tutor.observers import registry
from tutor.observers.looking import look


def test_it_wants_to_be_woken_five_minutes_after_the_last_word_to_an_open_question() -> None:
    log = HandLog()
    log.moves("awaiting_answer")

    assert log.looked("time_keeper").wake_ms == BEGAN_MS + 5_000 + 300_000


def test_five_minutes_of_silence_are_told_once() -> None:
    log = HandLog()
    asked = log.moves("awaiting_answer")

    early = log.looked("time_keeper", at_s=304)
    late = log.looked("time_keeper", at_s=305)
    again = look(registry.find("time_keeper"), late.view, [], BEGAN_MS + 900_000)

    assert early.remarks == ()
    assert [(one.audience, one.about, one.evidence) for one in late.remarks] == [("teacher", "idle", (asked,))]
    assert late.wake_ms is None
    assert again.remarks == ()


def test_a_silence_elsewhere_is_nobodys_business() -> None:
    log = HandLog()
    log.moves("awaiting_answer")
    log.moves("paused")

    looked = log.looked("time_keeper", at_s=10_000)

    assert (looked.remarks, looked.wake_ms) == ((), None)


def test_forty_five_minutes_without_a_break_are_told_once_to_both() -> None:
    log = HandLog()
    for _ in range(60):
        log.add(MessageAccepted(text="x"), after_s=60)

    assert log.told("time_keeper") == [("teacher", "long_lesson", (1, 46)), ("tutor", "long_lesson", (1, 46))]


def test_a_break_begins_the_count_anew() -> None:
    log = HandLog()
    for _ in range(2):
        for _ in range(40):
            log.add(MessageAccepted(text="x"), after_s=60)
        log.moves("paused")
        log.moves("awaiting_answer", after_s=100)

    assert log.told("time_keeper") == []


def test_a_silence_that_nobody_looked_at_in_time_is_told_when_it_is_over() -> None:
    log = HandLog()
    asked = log.moves("awaiting_answer")
    log.add(MessageAccepted(text="7"), after_s=400)

    assert log.told("time_keeper") == [("teacher", "idle", (asked,))]


def test_the_clock_says_nothing_while_more_of_the_log_is_still_to_be_read() -> None:
    log = HandLog()
    log.moves("awaiting_answer")

    looked = look(registry.find("time_keeper"), None, log.facts, BEGAN_MS + 900_000, whole=False)

    assert looked.remarks == ()
