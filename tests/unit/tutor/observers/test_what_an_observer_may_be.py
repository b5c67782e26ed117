"""What is refused: an observer nobody looks at, a view that is not JSON, a remark about nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.unit.tutor.observers.hand_log import HandLog
from tutor.interactions import KINDS, Interaction, ObserverNoted, ObserverSaid, ObserverSuggested
from tutor.observers import registry
from tutor.observers.observer import Observer, Seen
from tutor.observers.remark import BadRemark, Remark, to_learner, to_teacher, to_tutor


@pytest.fixture(autouse=True)
def _leaves_nothing_behind() -> Iterator[None]:
    known = dict(registry._observers)
    yield
    registry._observers.clear()
    registry._observers.update(known)
    registry.triggers.cache_clear()


def made(**how: Any) -> type[Observer]:
    @registry.observer("made", **how)
    class Made(Observer):
        seqs: list[int] = []

        def see(self, one: Seen) -> Iterator[Remark]:
            self.seqs.append(one.seq)
            yield to_teacher("seen", "It was seen.", one.seq)

    return Made


def test_one_that_nothing_makes_look_is_refused() -> None:
    with pytest.raises(TypeError, match="never looked at"):
        made()


def test_one_that_reads_what_does_not_exist_is_refused() -> None:
    with pytest.raises(TypeError, match=r"answer\.chekced"):
        made(on=["answer.chekced"])


def test_two_of_one_name_are_refused() -> None:
    made(on=["answer.checked"])

    with pytest.raises(TypeError, match="two observers"):

        @registry.observer("made", on=["hint.given"])
        class Other(Observer):
            pass


def test_a_view_without_defaults_is_refused() -> None:
    with pytest.raises(TypeError, match="with defaults"):

        @registry.observer("no_default", on=["hint.given"])
        class NoDefault(Observer, kw_only=True):
            needed: int


def test_it_sees_only_what_it_reads_and_teachers_may_see() -> None:
    made(on=["answer.checked"], reads=["observer.noted", "step"])
    log = HandLog()
    seq = log.answer("correct")
    log.add(ObserverNoted(observer="other", note="x"))
    log.hint()

    assert log.told("made") == [("teacher", "seen", (seq,))]


def test_a_remark_needs_evidence_and_words() -> None:
    nothing: tuple[int, ...] = ()
    for text, evidence in (("y", nothing), ("y", (0,)), (" ", (1,))):
        with pytest.raises(BadRemark):
            to_teacher("x", text, *evidence)


def test_one_that_points_into_the_future_is_refused() -> None:
    @registry.observer("prophet", on=["hint.given"])
    class Prophet(Observer):
        def see(self, one: Seen) -> Iterator[Remark]:
            yield to_teacher("x", "y", one.seq + 1)

    log = HandLog()
    log.hint()

    with pytest.raises(BadRemark, match="as evidence"):
        log.looked("prophet")


def test_a_view_that_grows_without_end_is_refused() -> None:
    @registry.observer("hoarder", on=["hint.given"])
    class Hoarder(Observer):
        texts: list[str] = []

        def see(self, one: Seen) -> Iterator[Remark]:
            self.texts.append("x" * 40_000)
            return iter(())

    log = HandLog()
    log.hint()

    with pytest.raises(BadRemark, match="bytes"):
        log.looked("hoarder")


def test_a_word_to_tutor_or_learner_is_not_said_too_late() -> None:
    log = HandLog()
    log.ask()
    log.answer("wrong")
    log.answer("wrong")

    late = log.looked("cognitive", at_s=10_000)

    assert [one.audience for one in late.remarks] == ["teacher"]


def test_remarks_are_facts_of_three_kinds_and_none_is_a_verdict_a_score_or_a_state() -> None:
    facts: list[Interaction] = [make("x", "y", 1).fact("o") for make in (to_teacher, to_tutor, to_learner)]

    assert isinstance(facts[0], ObserverNoted)
    assert isinstance(facts[1], ObserverSuggested)
    assert isinstance(facts[2], ObserverSaid)
    assert [int(fact.visibility) for fact in facts] == [1, 1, 0]
    assert {fact.kind for fact in facts} == {kind for kind in KINDS if kind.startswith("observer.")}


def test_triggers_are_those_of_the_observers_asked_for() -> None:
    made(on=["hint.given"], every=50)

    assert registry.triggers(("made", "nobody")) == (frozenset({"hint.given"}), frozenset({50}))
    assert "answer.checked" in registry.triggers(("cognitive", "made")).kinds
