"""What is left of a session, in a form in which a run that was killed and one that lived must be equal."""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from sessions_app import log, verification
from sessions_app.models import Command, Session, Timer
from tools_app.models import ToolCall

#: Facts about recovering itself: only a run that was killed has them.
RECOVERY = frozenset({"strategy.applied", "turn.recovering", "tool.result_discarded"})
#: Fields that say who, when and how often.
_FREE = frozenset(
    {
        "owner",
        "caller",
        "started_at",
        "attempts",
        "attempt",
        "texts",
        "output_attempt",
        "due",
        "at",
        "hibernated",
        "paused_at",
    }
)


class _Plain:
    """Values without what may differ: ids are numbered in the order in which they appear."""

    def __init__(self, session: Session) -> None:
        self._names: dict[str, str] = {str(session.pk): "the session", session.log_id: "the log"}
        self._running: Any = None

    def turn(self, turn: str | None) -> str | None:
        return None if turn is None else self._names.setdefault(turn, f"turn {len(self._names) - 1}")

    def value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self.value(part) for key, part in value.items() if key not in _FREE}
        if isinstance(value, list):
            return [self.value(part) for part in value]
        return self._names.get(value, value) if isinstance(value, str) else value

    def step(self, payload: dict[str, Any]) -> dict[str, Any]:
        """A step's payload. A turn of which only the attempt has changed says nothing new."""
        if (opened := payload["kernel"].get("set", {}).get("turn")) is not None:
            self.turn(opened["id"])
        plain: dict[str, Any] = self.value(payload)
        changed = plain["kernel"].get("set", {})
        if "turn" in plain["kernel"].get("unset", []):
            self._running = None
        elif "turn" in changed:
            before, self._running = self._running, changed["turn"]
            if before == self._running:
                del changed["turn"]
        return plain


def of(session: uuid.UUID) -> dict[str, Any]:
    """Log, row, calls, timers and commands of a session as JSON values, and what verification found."""
    row = Session.objects.get(pk=session)
    work = ToolCall.objects.filter(session=row).order_by("id")
    plain = _Plain(row)
    entries: list[Any] = []
    places: dict[int, int] = {}
    for entry in log.read(session):
        turn = plain.turn(entry.turn)
        if entry.kind not in RECOVERY:
            told = msgspec.json.decode(entry.payload or "null")
            places[entry.seq] = len(entries)
            if entry.kind.startswith("observer."):
                # Recovery takes seqs; evidence is what stands there.
                told["evidence"] = [places[seq] for seq in told["evidence"]]
            payload = plain.step(told) if entry.kind == "step" else plain.value(told)
            entries.append([entry.kind, entry.version, entry.visibility, turn, entry.cause, payload])
    (verified,) = verification.verify([session])
    return {
        "log": entries,
        "row": plain.value(
            {
                "state": row.state,
                "state_no": row.state_no,
                "event_no": row.event_no,
                "live": row.live,
                "on_busy": row.on_busy,
                "data": row.data,
                "kernel": row.kernel,
            }
        ),
        "calls": list(work.values_list("ref", "tool", "status", "ending")),
        "timers": list(Timer.objects.filter(session=row).order_by("type", "name").values_list("type", "name")),
        "commands": sorted(Command.objects.filter(session=row).values_list("command_id", flat=True)),
        "divergences": [str(one) for one in verified.divergences],
    }


def difference(lived: Any, killed: Any, where: str = "") -> str | None:
    """The first place at which two outcomes differ, in words; None where they are equal."""
    if lived == killed:
        return None
    if isinstance(lived, dict) and isinstance(killed, dict):
        for key in [*lived, *(key for key in killed if key not in lived)]:
            if (found := difference(lived.get(key), killed.get(key), f"{where}.{key}")) is not None:
                return found
    if isinstance(lived, list) and isinstance(killed, list):
        for number, (one, other) in enumerate(zip(lived, killed, strict=False)):
            if (found := difference(one, other, f"{where}[{number}]")) is not None:
                return found
        longer, which = (lived, "lost") if len(lived) > len(killed) else (killed, "too many")
        rest = longer[min(len(lived), len(killed)) :]
        return f"{where}: {len(rest)} {which}, the first is {rest[0]!r}"
    return f"{where}: the run that lived has {lived!r}, the one that was killed {killed!r}"
