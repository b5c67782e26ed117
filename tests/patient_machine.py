"""The machine of the model-based test: the echo machine's busy policies with time-outs of all three kinds.

``idle`` --message--> ``working`` --result--> ``idle``. The text "crash" crashes it, but only once its turn has come.
Delays end on half a second: at the steps of ``tests.database_clock`` nothing is ever due "just about now".
"""

from __future__ import annotations

from typing import Any

import msgspec

from tutor import events, statem
from tutor.effects import CallTool, CancelCall, Disposition, say

IDLE, WORKING = "idle", "working"
#: Milliseconds: how long a call may take, how long the machine waits for it, when it speaks up by itself.
DEADLINE_MS = 3_690_000
PATIENCE_MS = 7_410_500
NUDGE_MS = 1_830_500
QUIET_MS = 1_230_500

WAIT_TEXT = "Please wait."
STOPPED_TEXT = "Stopped."
IMPATIENT_TEXT = "It took too long."
NUDGE_TEXT = "Still there?"
QUIET_TEXT = "It is quiet."


class PatientData(msgspec.Struct, frozen=True, kw_only=True):
    """How many calls there were, and which one is running."""

    calls: int = 0
    pending: str | None = None


class PatientMachine:
    """See the module."""

    states = frozenset({IDLE, WORKING})
    state_enter = False

    def initial(self, _seed: int, _context: dict[str, Any]) -> tuple[str, PatientData]:
        return IDLE, PatientData()

    def dump(self, data: PatientData) -> dict[str, Any]:
        plain: dict[str, Any] = msgspec.to_builtins(data)
        return plain

    def load(self, plain: dict[str, Any]) -> PatientData:
        return msgspec.convert(plain, PatientData)

    def handle(self, event: statem.Event, state: str, data: PatientData) -> statem.Result:
        match event.content:
            case events.UserMessage(text="crash") if state == IDLE:
                raise ZeroDivisionError("as the message says")
            case events.UserMessage(text=text) if state == IDLE:
                return self._begin(text, data)
            case events.UserMessage(on_busy="queue"):
                return statem.KeepState(actions=(Disposition("queued"), statem.Postpone()))
            case events.UserMessage(on_busy="interrupt") as message:
                again = statem.NextEvent(statem.EventType.CAST, message)
                return statem.NextState(IDLE, PatientData(calls=data.calls), (CancelCall(str(data.pending)), again))
            case events.UserMessage():
                return statem.KeepState(actions=(Disposition("busy"), say(WAIT_TEXT)))
            case events.CancelRequested() if state == WORKING:
                return self._settle(data, STOPPED_TEXT, CancelCall(str(data.pending)))
            case events.ToolSucceeded(ref=ref, result=result) if ref == data.pending:
                return self._settle(data, str(result["text"]))
            case events.ToolFailed(ref=ref, reason=reason) if ref == data.pending:
                return self._settle(data, f"It failed: {reason}.")
            case events.Tick(note="patience"):
                return self._settle(data, IMPATIENT_TEXT, CancelCall(str(data.pending)))
            case events.Tick(note=note):
                return statem.KeepState(actions=(say(NUDGE_TEXT if note == "nudge" else QUIET_TEXT),))
            case events.EndRequested():
                return statem.Stop("ended")
            case _:
                return statem.KeepState()

    def _begin(self, text: str, data: PatientData) -> statem.Result:
        ref = f"c{data.calls + 1}"
        call = CallTool(ref, "echo", {"text": text}, deadline_ms=DEADLINE_MS)
        patience = statem.state_timeout(PATIENCE_MS, events.Tick(note="patience"))
        return statem.NextState(WORKING, PatientData(calls=data.calls + 1, pending=ref), (call, patience))

    def _settle(self, data: PatientData, text: str, *first: statem.Effect) -> statem.Result:
        nudge = statem.named_timeout("nudge", NUDGE_MS, events.Tick(note="nudge"))
        quiet = statem.event_timeout(QUIET_MS, events.Tick(note="quiet"))
        return statem.NextState(IDLE, PatientData(calls=data.calls), (*first, say(text), nudge, quiet))


def load(_args: dict[str, Any]) -> PatientMachine:
    """The machine; it needs no arguments."""
    return PatientMachine()
