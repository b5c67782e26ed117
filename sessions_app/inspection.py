"""What a session is doing, in data and in words: for clients, operators and the admin."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

from sessions_app import call_report, conf, history, lineage, progress
from sessions_app.frames import Active, Deadline, Inspection, Phase, Queued
from sessions_app.models import Interaction, Session
from sessions_app.why import why
from tutor.projections.transcript import transcript


def running_turn(session_id: uuid.UUID) -> str | None:
    """The id of the running turn."""
    kernel = Session.objects.values_list("kernel", flat=True).get(pk=session_id)
    turn = kernel.get("turn")
    return None if turn is None else str(turn["id"])


def turn_exists(session_id: uuid.UUID, turn: str) -> bool:
    """Whether there ever was a turn of that id. A turn's id is the seq of its ``turn.started``: one lookup by key."""
    if not turn.startswith("t") or not turn[1:].isascii() or not turn[1:].isdigit() or len(turn) > 18:
        return False
    seq = int(turn[1:])
    return Interaction.objects.filter(session_id=lineage.owner(session_id, seq), seq=seq, kind="turn.started").exists()


def phase(session: Session) -> Phase:
    """Where the running turn is: ``tool`` from the moment a call was asked for, ``recovering`` once one was lost."""
    if any(one["event"]["content"].get("kind") == "cancel_requested" for one in session.kernel.get("suspended", [])):
        return "cancelling"
    if not session.kernel.get("calls"):
        return "starting"
    locking = [report for report in call_report.reports(session.pk) if not report.background]
    if any(report.status == "parked" for report in locking):
        return "parked"
    if locking and all(report.attempt > 1 or report.error for report in locking):
        return "recovering"
    return "tool"


def active(session: Session) -> Active | None:
    """The running turn as ``welcome`` tells it."""
    turn = session.kernel.get("turn")
    if turn is None:
        return None
    return Active(turn=turn["id"], attempt=turn["attempt"], off=0, phase=phase(session))


def queue(session: Session) -> list[Queued]:
    """Messages that wait for their turn, oldest first."""
    held = [one["event"] for one in session.kernel.get("suspended", [])]
    waiting = [*session.kernel.get("postponed", []), *held]
    return [Queued(command=event["mark"], text=_words(event["content"])) for event in waiting if event.get("mark")]


def _words(content: dict[str, Any]) -> str:
    """What the learner wrote; empty for a command without words."""
    value = content.get("text", content.get("value", ""))
    return value if isinstance(value, str) else ", ".join(value)


def deadlines(session: Session) -> list[Deadline]:
    """Running time-outs, the next one first."""
    timers = session.kernel.get("timers", {})
    return [
        Deadline(name=key, due=datetime.fromtimestamp(timer["due"] / 1000, UTC).isoformat())
        for key, timer in sorted(timers.items(), key=lambda item: item[1]["due"])
    ]


def next_deadline(session: Session) -> str | None:
    """When the next time-out of the session is due, ISO 8601."""
    times = deadlines(session)
    return times[0].due if times else None


def waiting_for(session: Session) -> list[str]:
    """What has to come next: each pending tool call, or else the learner. Empty where a session waits for nothing."""
    if not session.live or session.status == Session.Status.SUSPENDED:
        return []
    calls = session.kernel.get("calls", {})
    return [f"the tool {call['tool']} (call {ref})" for ref, call in calls.items()] or ["the learner"]


def state_and_status(session_id: uuid.UUID) -> tuple[str, str]:
    """The state, and running, suspended or closed."""
    state, status, live = Session.objects.values_list("state", "status", "live").get(pk=session_id)
    return state, status if live else "closed"


def inspect(session_id: uuid.UUID, role: str = "learner") -> Inspection:
    """State, since when, waiting for what, until when; in data and in ``words``. Operators get ``why`` as well."""
    session = Session.objects.get(pk=session_id)
    times = deadlines(session)
    reason = why(session_id, locks=role == "operator")
    words = reason.words if role == "operator" else reason.summary
    if session.live and session.status == Session.Status.RUNNING and times and role != "operator":
        words += f" If nothing happens, {times[0].name.split(':')[1] or times[0].name} is due at {times[0].due}."
    return Inspection(
        session=str(session.pk),
        state=session.state,
        since=session.state_since.isoformat(),
        live=session.live,
        status=session.status if session.live else "closed",
        waiting_for=waiting_for(session),
        turn=session.kernel.get("turn"),
        calls=_calls(session),
        queue=queue(session),
        deadlines=times,
        policy=session.on_busy,
        head=session.head,
        words=words,
        previous=str(session.previous_id) if session.previous_id else None,
        progress=progress.of_session(session),
        why=reason.plain() if role == "operator" else None,
    )


def _calls(session: Session) -> dict[str, dict[str, Any]]:
    """The pending calls by ref: what the kernel knows, and which attempt runs and why the last one failed."""
    found: dict[str, dict[str, Any]] = {ref: dict(call) for ref, call in session.kernel.get("calls", {}).items()}
    for report in call_report.reports(session.pk) if found else ():
        if report.ref in found:
            found[report.ref] |= {"status": report.status, "attempt": report.attempt, "error": report.error}
    return found


def full_state(session: Session) -> dict[str, Any]:
    """The reference architecture's state, by its names. ``conversation_history`` is a projection of the log."""
    machine = conf.machine(session.machine, session.machine_args)
    data = machine.load(session.data)
    return {
        "session_id": str(session.pk),
        "user_id": session.user_id,
        "pedagogical_state": session.state,
        "conversation_history": transcript(list(history.facts(session.pk))),
        "pedagogical_context": machine.pedagogical_context(data),
        "syllabus_context": {"course": session.course, **session.machine_args, **machine.syllabus_context(data)},
        "current_question": machine.current_question(session.state, data),
        "pending_tool_calls": session.kernel.get("calls", {}),
    }
