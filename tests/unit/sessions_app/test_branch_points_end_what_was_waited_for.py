"""What a machine hears of the calls and groups that it waited for where a branch begins."""

from __future__ import annotations

from typing import Any

from sessions_app.branching import Point
from tutor import events


def at(**kernel: Any) -> Point:
    return Point(7, "waiting", {}, kernel, state_no=1, event_no=1)


def call(tool: str = "echo", **more: Any) -> dict[str, Any]:
    return {"tool": tool, "turn": "t1", "background": False, **more}


def succeeded(ref: str) -> dict[str, Any]:
    return events.encode(events.ToolSucceeded(ref=ref, tool="echo", result={"text": ref}))


def test_a_pending_call_is_over() -> None:
    (ending,) = at(calls={"c1": call()}).endings()

    assert ending == events.ToolFailed(ref="c1", tool="echo", reason="cancelled")


def test_by_the_machines_own_name_whatever_the_era() -> None:
    (ending,) = at(calls={"c1@2": call()}, era=2).endings()

    assert ending == events.ToolFailed(ref="c1", tool="echo", reason="cancelled")


def test_what_the_session_itself_asked_for_is_nothing_to_the_machine() -> None:
    assert at(calls={"k5": call("compact", background=True, recorded=True)}).endings() == ()


def test_a_group_is_over_as_a_whole_with_the_results_it_has() -> None:
    group = {"members": ["g1@1.1", "g1@1.2"], "at_once": 2, "released": 2, "results": {"g1@1.1": succeeded("g1@1.1")}}

    (ending,) = at(calls={"g1@1.2": call(group="g1@1")}, groups={"g1@1": group}, era=1).endings()

    assert isinstance(ending, events.ToolsEnded)
    assert ending.group == "g1"
    assert [type(one).__name__ for one in ending.results] == ["ToolSucceeded", "ToolFailed"]
    assert [one.ref for one in ending.results] == ["g1.1", "g1.2"]


def test_the_turns_own_call_comes_before_background_ones() -> None:
    endings = at(calls={"c1": call(background=True), "c2": call()}).endings()

    assert [ending.ref for ending in endings] == ["c2", "c1"]  # type: ignore[attr-defined]
