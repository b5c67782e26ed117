"""All live sessions at a glance, for teachers: what each does, since when, what it waits for, what observers noted.

Teachers' pages ask again and again, so the price is bounded: one query reads at most ``conf.LIVE_LISTED`` sessions with
the newest note of each among its last interactions; what each process has read is good for ``conf.LIVE_LOOK_S`` for
everybody who asks for the same.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import connection
from django.db.models import Case, Count, F, OuterRef, Q, QuerySet, Subquery, TextField, Value, When
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Coalesce, JSONObject

from sessions_app import conf
from sessions_app.models import Interaction, Session
from sessions_app.outline import title_of
from sessions_app.pool import in_database
from sessions_app.why import why


@dataclass(frozen=True, slots=True)
class Glance:
    """What was seen: the answer's JSON and a tag that changes with it."""

    body: bytes
    tag: str


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at the database, shared by whoever asks for the same meanwhile."""

    begun_at: float
    glance: asyncio.Future[Glance]


#: (event loop, search, only those that need help) -> the newest look.
_looks: dict[tuple[asyncio.AbstractEventLoop, str, bool], _Look] = {}


async def glance(search: str = "", *, needing_help: bool = False) -> Glance:
    """What a teacher's page shows now. ``search``: part of a learner's or of a course's name."""
    now = time.monotonic()
    for key, old in list(_looks.items()):
        if now - old.begun_at > conf.LIVE_LOOK_S:
            del _looks[key]
    key = (asyncio.get_running_loop(), search[: conf.SEARCH_CHARS], needing_help)
    look = _looks.get(key)
    if look is None:
        reading = asyncio.ensure_future(in_database(lambda: _read(key[1], needing_help)))
        look = _looks[key] = _Look(now, reading)
    # Shielded: who goes away does not take the look from the others.
    return await asyncio.shield(look.glance)


def _read(search: str, needing_help: bool) -> Glance:
    rows = _live(search)
    counts = rows.aggregate(live=Count("id"), needing_help=Count("id", filter=Q(needs_help=1)))
    listed = rows.filter(needs_help=1) if needing_help else rows
    sessions = [_told(row) for row in _columns(listed)[: conf.LIVE_LISTED]]
    _explain(sessions)
    body = msgspec.json.encode({**counts, "sessions": sessions})
    return Glance(body, hashlib.sha256(body).hexdigest()[:20])


def _live(search: str) -> QuerySet[Any]:
    rows: QuerySet[Any] = Session.objects.filter(live=True)
    if search:
        words = ("learner__username", "learner__first_name", "learner__last_name", "course")
        found = Q()
        for word in words:
            found |= Q(**{f"{word}__icontains": search})
        rows = rows.filter(found)
    rows = rows.annotate(hold=Coalesce(KeyTextTransform("safety_hold", "data"), Value(""), output_field=TextField()))
    helpless = ~Q(hold="") | Q(state="error_state") | Q(status=Session.Status.SUSPENDED)
    needing: QuerySet[Any] = rows.annotate(needs_help=Case(When(helpless, then=Value(1)), default=Value(0)))
    return needing


def _columns(rows: QuerySet[Any]) -> Any:
    among_newest = Q(session=OuterRef("pk"), seq__gt=OuterRef("head") - conf.NOTES_WITHIN)
    notes = Interaction.objects.filter(among_newest, kind="observer.noted", payload__isnull=False).order_by("-seq")
    return (
        rows.annotate(note=Subquery(notes.values(said=JSONObject(payload="payload", at="at"))[:1]))
        .order_by("-needs_help", "-changed_at")
        .values(
            *("id", "course", "machine_args", "state", "status", "state_since", "changed_at", "kernel", "hold"),
            *("needs_help", "note", "parent_id"),
            username=F("learner__username"),
            first_name=F("learner__first_name"),
            last_name=F("learner__last_name"),
        )
    )


def _told(row: dict[str, Any]) -> dict[str, Any]:
    kernel = row["kernel"]
    calls = [call["tool"] for call in kernel.get("calls", {}).values()]
    note = row["note"]
    said = msgspec.json.decode(note["payload"]) if note else None
    return {
        "id": str(row["id"]),
        "learner": f"{row['first_name']} {row['last_name']}".strip() or row["username"],
        "course": title_of(row["course"], row["machine_args"]),
        "branch": row["parent_id"] is not None,
        "state": row["state"],
        "since": row["state_since"].isoformat(),
        "changed": row["changed_at"].isoformat(),
        "suspended": row["status"] == Session.Status.SUSPENDED,
        "hold": row["hold"],
        "needs_help": bool(row["needs_help"]),
        #: Names of tools; empty: the learner is waited for, or whoever suspended it.
        "tools": calls,
        "queue": len([event for event in kernel.get("postponed", []) if event.get("mark")]),
        "note": {**said, "at": note["at"]} if said else None,
        "why": "",
    }


def _explain(sessions: list[dict[str, Any]]) -> None:
    """Why those that have waited for a tool for long still wait. Few do; more than a few is told by their number."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (now,) = cursor.fetchone()
    long_ago = now - timedelta(seconds=conf.LONG_WAIT_S)
    slow = [one for one in sessions if one["tools"] and datetime.fromisoformat(one["changed"]) < long_ago]
    for one in slow[: conf.EXPLAINED]:
        found = why(one["id"], locks=False)
        troubled = [wait for wait in found.waits if wait.trouble] or list(found.waits)
        one["why"] = found.sentence(troubled[0]) if troubled else ""
        one["needs_help"] = one["needs_help"] or found.stuck
