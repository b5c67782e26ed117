"""A group of calls under any order of endings, against the sentence that says what it is."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessions_app.collecting import collect
from sessions_app.effects import Performing, perform
from sessions_app.groups import dump, load
from sessions_app.row import SessionRow
from tools_app import effects  # noqa: F401 — registers what the calls' effects do
from tutor import events
from tutor.effects import GROUP_CALLS, CancelCall, GroupStrategy, Parallel, parallel
from tutor.interactions import ToolCancelled
from tutor.statem import Snapshot

strategies = st.sampled_from(["one_for_one", "one_for_all", "rest_for_one"])


def session(group: Parallel) -> tuple[SessionRow, Performing]:
    row = SessionRow(uuid.uuid4(), "n", 1, "c", "m", {}, Snapshot("a", {}))
    performing = Performing(row, None, turn="t1")
    perform(group, performing)
    return row, performing


def released(performing: Performing) -> set[str]:
    """Refs that workers may claim: inserted as queued, or released since."""
    return {
        write.row["ref"]
        for write in performing.writes
        if write.row.get("status") == "queued" or write.statement.name == "release_call"
    }


def ending(ref: str, *, works: bool) -> events.ToolSucceeded | events.ToolFailed:
    if works:
        return events.ToolSucceeded(ref=ref, tool="echo", result={"text": ref})
    return events.ToolFailed(ref=ref, tool="echo", reason="error")


@given(
    works=st.lists(st.booleans(), min_size=1, max_size=8),
    at_once=st.integers(1, 9),
    strategy=strategies,
    data=st.data(),
)
def test_all_end_once_in_order_and_never_too_many_at_once(
    works: list[bool], at_once: int, strategy: GroupStrategy, data: st.DataObject
) -> None:
    group = parallel("g1", [("echo", {"text": "x"})] * len(works), max_concurrency=at_once, strategy=strategy)
    row, performing = session(group)
    told: list[events.ToolsEnded] = []
    ended: dict[str, bool] = {}
    while row.calls:
        running = sorted(released(performing) & row.calls.keys())
        assert 0 < len(running) <= at_once, "a place is never left empty, and never given twice"
        assert told == []
        row.groups = load(dump(row.groups))  # as if another process went on
        ref = data.draw(st.sampled_from(running))
        ended[ref] = works[group.members.index(ref)]
        performing.forget(ref)
        whole = collect(ending(ref, works=ended[ref]), "g1", performing)
        told += [whole] if whole is not None else []

    (event,) = told
    assert [one.ref for one in event.results] == list(group.members)
    assert row.groups == {}
    cancelled = {fact.call for fact, _turn in performing.endings if isinstance(fact, ToolCancelled)}
    assert ended.keys() | cancelled == set(group.members)
    assert not ended.keys() & cancelled, "each call ends exactly once"
    for one in event.results:
        if one.ref in cancelled:
            assert isinstance(one, events.ToolFailed)
            assert one.reason == "cancelled"
        else:
            assert isinstance(one, events.ToolSucceeded) is ended[one.ref]
    first_failure = next((ref for ref, good in ended.items() if not good), None)
    if strategy == "one_for_one" or first_failure is None:
        assert not cancelled
    elif strategy == "one_for_all":
        assert cancelled == set(group.members) - set(list(ended)[: list(ended).index(first_failure) + 1])
    else:
        assert all(any(not ended.get(before, True) for before in _before(group, ref)) for ref in cancelled)


def _before(group: Parallel, ref: str) -> tuple[str, ...]:
    return group.members[: group.members.index(ref)]


@given(size=st.integers(1, 6), at_once=st.integers(1, 6), ends=st.integers(0, 5), by_member=st.booleans())
def test_a_cancelled_group_leaves_nothing_behind(size: int, at_once: int, ends: int, by_member: bool) -> None:
    group = parallel("g1", [("echo", {"text": "x"})] * size, max_concurrency=at_once)
    row, performing = session(group)
    for ref in group.members[: min(ends, size - 1)]:
        performing.forget(ref)
        assert collect(ending(ref, works=True), "g1", performing) is None
    pending = set(row.calls)
    perform(CancelCall(next(iter(pending)) if by_member else "g1"), performing)

    assert (row.calls, row.groups) == ({}, {})
    assert {fact.call for fact, _turn in performing.endings} == pending  # type: ignore[attr-defined]


def test_a_group_locks_the_conversation_unless_it_is_in_the_background() -> None:
    calls: list[tuple[str, dict[str, Any]]] = [("echo", {"text": "x"})]

    assert session(parallel("g1", calls))[0].conversation_call == "g1.1"
    assert session(parallel("g1", calls, background=True))[0].conversation_call is None


@pytest.mark.parametrize("size", [0, GROUP_CALLS + 1])
def test_a_group_of_no_calls_or_too_many_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="group"):
        parallel("g1", [("echo", {})] * size)


def test_a_group_that_may_not_run_at_all_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        parallel("g1", [("echo", {})], max_concurrency=0)
