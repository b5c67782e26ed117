"""Whatever stands in a log: no observer fails, what it cites exists, and how often it looks changes nothing."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.tutor.observers.hand_log import HandLog
from tutor.interactions import (
    AnswerChecked,
    HintGiven,
    HintRefused,
    Interaction,
    MasteryChanged,
    MessageAccepted,
    OutputCommitted,
    QuestionAsked,
    RemediationFinished,
    SafetyHeld,
    SessionClosed,
    SessionPaused,
    SessionResumed,
    StateChanged,
)
from tutor.observers import registry
from tutor.observers.looking import look
from tutor.observers.remark import Remark

_names = st.sampled_from(["q1", "q2", ""])
_texts = st.sampled_from(["7", "8", 'é\n"\\', "x" * 2_000])
_verdicts = st.sampled_from(
    ["correct", "form_issue", "partial", "known_error", "wrong", "malformed", "not_an_answer", "undecided"]
)
_facts: st.SearchStrategy[Interaction] = st.one_of(
    st.builds(
        AnswerChecked, question=_names, answer=_texts, verdict=_verdicts, feedback=_texts,
        known_error=st.sampled_from([None, "e1", "e2"]), part=st.sampled_from(["main", "probe:e1", "scaffold:0"]),
        intent=st.sampled_from([None, "off_topic", "hint", "give_up"]),
    ),
    st.builds(
        QuestionAsked, question=_names, prompt=_texts, format=st.just({}), skill=_names, number=st.integers(0, 9),
        seed=st.sampled_from([None, 1]), part=st.sampled_from(["main", "probe:e1"]),
    ),
    st.builds(HintGiven, question=_names, level=st.integers(0, 4), text=_texts, bottom_out=st.booleans()),
    st.builds(HintRefused, question=_names, level=st.integers(0, 4)),
    st.builds(
        MasteryChanged, skill=_names, p=st.floats(0, 1), why=_texts, mastered=st.booleans(),
        opportunities=st.integers(0, 20),
    ),
    st.builds(
        RemediationFinished, known_error=st.sampled_from(["e1", "e2"]), outcome=st.sampled_from(["passed", "not_yet"])
    ),
    st.builds(MessageAccepted, text=_texts, disposition=st.sampled_from(["started", "busy", "queued"])),
    st.builds(
        StateChanged, from_=st.just("x"), to=st.sampled_from(["awaiting_answer", "paused", "reviewing_solution", "?"]),
        why=st.sampled_from(["", "give_up_requested"]),
    ),
    st.builds(OutputCommitted, text=_texts, len=st.just(1)),
    st.builds(SafetyHeld, why=_texts),
    st.builds(SessionPaused, why=_texts),
    st.builds(SessionResumed, state=_texts),
    st.builds(SessionClosed, why=_texts),
)  # fmt: skip
_pauses = st.sampled_from([0.0, 0.5, 4.0, 70.0, 700.0, 5_000.0])


@st.composite
def logs(draw: st.DrawFn) -> HandLog:
    log = HandLog()
    for fact, pause in draw(st.lists(st.tuples(_facts, _pauses), max_size=60)):
        log.add(fact, pause)
    return log


def in_looks(name: str, log: HandLog, cuts: list[int]) -> tuple[list[Remark], dict[str, Any] | None]:
    """Looks at the parts of a log, all at the moment in which it ends."""
    observer, view, remarks = registry.find(name), None, list[Remark]()
    for begin, end in zip([0, *cuts], [*cuts, len(log.facts)], strict=True):
        looked = look(observer, view, log.facts[begin:end], log.now_ms, seen=begin)
        view, remarks = looked.view, [*remarks, *looked.remarks]
    return remarks, view


def without_ticks(name: str, remarks: list[Remark]) -> list[Remark]:
    """A silence may be told of in any look that comes late enough."""
    return [one for one in remarks if (name, one.about) != ("time_keeper", "idle")]


@settings(max_examples=60)
@given(logs(), st.lists(st.integers(0, 60), max_size=5))
def test_how_often_it_is_looked_at_changes_nothing(log: HandLog, cuts: list[int]) -> None:
    for name in ("cognitive", "communication", "solution_focus", "time_keeper"):
        at_once, view = in_looks(name, log, [])
        in_parts, view_of_parts = in_looks(name, log, sorted(min(cut, len(log.facts)) for cut in cuts))

        assert without_ticks(name, in_parts) == without_ticks(name, at_once)
        assert {one.evidence[-1] for one in in_parts} <= {fact.seq for fact in log.facts}
        if name != "time_keeper":
            assert view_of_parts == view


@settings(max_examples=40)
@given(logs(), st.integers(0, 60))
def test_a_view_folded_anew_repeats_nothing(log: HandLog, cut: int) -> None:
    seen = min(cut, len(log.facts))
    for name in ("cognitive", "communication", "solution_focus", "time_keeper"):
        observer = registry.find(name)
        before = look(observer, None, log.facts[:seen], log.now_ms)
        whole = look(observer, None, log.facts, log.now_ms)

        told = [one.identity for one in before.remarks]
        anew = look(observer, None, log.facts, log.now_ms, seen=seen, told=told)

        assert not {one.identity for one in anew.remarks} & set(told)
        assert without_ticks(name, [*before.remarks, *anew.remarks]) == without_ticks(name, list(whole.remarks))
