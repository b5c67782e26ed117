"""Trying a failed turn again: the same command once more, as the next attempt of its turn."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from sessions_app.delivery import Delivery
from sessions_app.exceptions import CommandError
from sessions_app.models import Interaction, Session
from sessions_app.row import load_event
from tutor import events

#: How a turn that may be tried again has ended.
_FAILED = frozenset({"failed", "timed_out"})


def again(delivery: Delivery, wanted: str | None) -> Delivery:
    """What ``turn.retry`` delivers. For ``Delivery.under_lock``: reads the log that nobody can append to meanwhile.

    Only the newest turn is tried again, and only where it failed: what came after an older one was said in the light of
    its failure. Raises ``CommandError``: ``busy``, ``no_such_turn``, ``invalid_transition``.
    """
    kernel, state = Session.objects.values_list("kernel", "state").get(pk=delivery.session)
    if "turn" in kernel:
        turn = kernel["turn"]["id"]
        raise CommandError("busy", "A turn is running; wait for its end, or cancel it.", detail={"turn": turn})
    rows = Interaction.objects.filter(session_id=delivery.session)
    started = rows.filter(kind="turn.started").order_by("-seq").first()
    if started is None or (wanted is not None and wanted != started.turn):
        raise CommandError("no_such_turn", "Only the newest turn can be tried again.")
    finished = rows.filter(kind="turn.finished", turn=started.turn, seq__gt=started.seq).first()
    outcome = _payload(finished).get("outcome")
    # The first step of a turn is the event that opened it.
    step = _payload(rows.filter(kind="step", turn=started.turn, seq__gt=started.seq).order_by("seq").first())
    content = load_event(step["event"]).content if "event" in step else None
    if outcome not in _FAILED or started.cause is None or not isinstance(content, events.EventContent):
        raise CommandError(
            "invalid_transition",
            "Only a turn that failed, and that somebody's command had started, can be tried again.",
            detail={"state": state, "allowed": []},
        )
    return replace(delivery, content=content, attempt=_payload(started)["attempt"] + 1, under_lock=None)


def _payload(row: Interaction | None) -> dict[str, Any]:
    """The fact of a row as JSON values; empty where there is none, or where its text was erased."""
    payload: dict[str, Any] = msgspec.json.decode(row.payload) if row is not None and row.payload else {}
    return payload
