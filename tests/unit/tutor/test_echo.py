"""The echo machine: the same busy rules as the tutor's, and nothing else."""

from __future__ import annotations

import json
from typing import Any

from tutor import echo, events, statem
from tutor.effects import CallTool, CancelCall, Disposition, Refuse, say
from tutor.statem import Event, EventType, Snapshot

MACHINE = echo.load({})


def feed(snapshot: Snapshot, content: events.EventContent) -> tuple[Snapshot, list[Any]]:
    """The snapshot after an event, and all commands it gave."""
    outcomes = list(statem.run(MACHINE, snapshot, Event(EventType.CAST, content), now=0))
    assert all(outcome.crash is None for outcome in outcomes)
    return outcomes[-1].after, [command for outcome in outcomes for command in outcome.commands]


def idle() -> Snapshot:
    return statem.start(MACHINE, *MACHINE.initial(1, {}), now=0).after


def running() -> Snapshot:
    return feed(idle(), events.UserMessage(text="one"))[0]


def result(ref: str) -> events.ToolSucceeded:
    return events.ToolSucceeded(ref=ref, tool="echo", result={"text": "one"})


def test_a_message_calls_the_tool_and_its_result_is_said_back() -> None:
    waiting, commands = feed(idle(), events.UserMessage(text="one"))
    assert (waiting.state, commands) == ("awaiting_tool_result", [CallTool("c1", "echo", {"text": "one"})])

    after, commands = feed(waiting, result("c1"))
    assert (after.state, commands) == ("idle", [say("one")])


def test_a_failure_is_told() -> None:
    after, commands = feed(running(), events.ToolFailed(ref="c1", tool="echo", reason="timeout"))

    assert after.state == "idle"
    assert "timeout" in commands[0].interaction.text


def test_while_a_call_runs_a_message_waits_politely() -> None:
    after, commands = feed(running(), events.UserMessage(text="two"))

    assert after.state == "awaiting_tool_result"
    assert commands == [Disposition("busy"), say("Please wait.")]


def test_a_queued_message_follows_the_result() -> None:
    queued, _ = feed(running(), events.UserMessage(text="two", on_busy="queue"))
    after, commands = feed(queued, result("c1"))

    assert after.state == "awaiting_tool_result"
    assert commands == [say("one"), CallTool("c2", "echo", {"text": "two"})]


def test_an_interrupting_message_takes_the_calls_place() -> None:
    _, commands = feed(running(), events.UserMessage(text="two", on_busy="interrupt"))

    assert commands == [CancelCall("c1"), CallTool("c2", "echo", {"text": "two"})]


def test_a_cancel_ends_the_call_and_its_late_result_changes_nothing() -> None:
    stopped, commands = feed(running(), events.CancelRequested())
    assert (stopped.state, commands[0]) == ("idle", CancelCall("c1"))

    after, commands = feed(stopped, result("c1"))
    assert (after.state, after.data, commands) == ("idle", stopped.data, [])


def test_anything_else_is_refused() -> None:
    _, (refusal,) = feed(idle(), events.HintRequested())

    assert isinstance(refusal, Refuse)
    assert refusal.allowed == ("message.send",)


def test_the_data_survives_json() -> None:
    for snapshot in (idle(), running()):
        assert MACHINE.load(json.loads(json.dumps(MACHINE.dump(snapshot.data)))) == snapshot.data
