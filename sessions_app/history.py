"""Reading a log for projections: its facts in order, or backwards from a seq, a page at a time."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator

import msgspec

from sessions_app import lineage, log
from sessions_app.exceptions import UnknownSession
from sessions_app.models import Interaction as Row
from sessions_app.models import Session
from tutor import compaction, interactions, projections
from tutor.interactions import CompactionCompleted, SessionRewound
from tutor.projections.fact import Fact

#: Rows of one page when reading backwards: some ten turns.
PAGE_ROWS = 200
#: The widest page where few rows are of the kinds asked for.
_WIDEST_ROWS = 10_000
#: Compactions and rewinds of one page: the first one nearly always decides.
_LANDMARKS = 4
#: The projection that the steps tell, not the facts.
STATE = "state"

_COLUMNS = ("seq", "kind", "version", "at", "visibility", "turn", "cause", "payload")
_encoder = msgspec.json.Encoder(order="sorted")


def _fact(row: tuple[object, ...]) -> Fact:
    seq, kind, version, at, *rest = row
    return Fact(seq, kind, version, log.iso(log.microseconds(at)), *rest)  # type: ignore[arg-type]


def facts(
    session: uuid.UUID, *, after: int = 0, upto: int = lineage.MOST - 1, kinds: Collection[str] | None = None
) -> Iterator[Fact]:
    """The facts ``after < seq <= upto``, oldest first; of these ``kinds`` only."""
    for part in lineage.within(session, after, upto + 1):
        rows = Row.objects.filter(session_id=part.session, seq__gt=part.after, seq__lte=part.upto).order_by("seq")
        if kinds is not None:
            rows = rows.filter(kind__in=kinds)
        yield from map(_fact, rows.values_list(*_COLUMNS).iterator(chunk_size=500))


def newest_first(
    session: uuid.UUID, upto: int, *, page: int = PAGE_ROWS, kinds: Collection[str] | None = None
) -> Iterator[Fact]:
    """The facts ``seq <= upto``, newest first, read as far as they are asked for; of these ``kinds`` only.

    Leaps over what a rewind took back, where ``session.rewound`` is among the kinds.
    """
    before = upto + 1
    while parts := list(lineage.within(session, 0, before)):
        # Bounded by seq, not by a LIMIT: see ``lineage.windows``. There are no gaps.
        piece = next(lineage.windows(parts[-1], page, newest=True))
        rows = Row.objects.filter(session_id=piece.session, seq__gt=piece.after, seq__lte=piece.upto).order_by("-seq")
        if kinds is not None:
            rows = rows.filter(kind__in=kinds)
        found = [_fact(row) for row in rows.values_list(*_COLUMNS)]
        before = piece.after + 1
        if len(found) < page // 2:
            page = min(2 * page, _WIDEST_ROWS)  # few are of these kinds
        for fact in found:
            yield fact
            if fact.kind == "session.rewound" and isinstance(fact.interaction, SessionRewound):
                before = fact.interaction.to + 1
                break


def compaction_at(session: uuid.UUID, upto: int) -> tuple[int, CompactionCompleted] | None:
    """The last completed compaction of a log as it was at a seq, and its seq."""
    found: dict[int, CompactionCompleted | SessionRewound] = {}

    def landmarks() -> Iterator[tuple[int, CompactionCompleted | SessionRewound]]:
        for seq, kind, version, payload in _landmarks(session, upto):
            fact = interactions.decode(kind, version, payload)
            if isinstance(fact, CompactionCompleted | SessionRewound):
                found[seq] = fact
                yield seq, fact

    seq = compaction.last_completed(landmarks())
    fact = None if seq is None else found[seq]
    return (seq, fact) if seq is not None and isinstance(fact, CompactionCompleted) else None


def _landmarks(session: uuid.UUID, upto: int) -> Iterator[tuple[int, str, int, str]]:
    """Completed compactions and rewinds, newest first, a few at a time: an old session has very many."""
    for part in reversed(list(lineage.within(session, 0, upto + 1))):
        before = part.upto + 1
        rows = Row.objects.filter(
            session_id=part.session, seq__gt=part.after, payload__isnull=False,
            kind__in=["compaction.completed", "session.rewound"],
        ).order_by("-seq")  # fmt: skip
        while page := list(rows.filter(seq__lt=before).values_list("seq", "kind", "version", "payload")[:_LANDMARKS]):
            before = page[-1][0]
            for seq, kind, version, payload in page:
                yield seq, kind, version, payload or "{}"


def project(session: uuid.UUID, name: str, *, at: int | None = None, version: int | None = None) -> bytes:
    """A view of a session as its log was at a seq (None: now), as canonical JSON; the same bytes whenever it is asked.

    ``state`` is what the steps fold to; the others are those of ``tutor.projections``. Raises ``UnknownSession`` or
    ``UnknownProjection``.
    """
    head = Session.objects.filter(pk=session).values_list("head", flat=True).first()
    if head is None:
        raise UnknownSession(f"there is no session {session}")
    upto = head if at is None else at
    if name == STATE:
        folded = log.state_at(session, upto)
        return _encoder.encode({"state": folded.state, "data": folded.data, "kernel": folded.kernel})
    return projections.project(name, list(facts(session, upto=upto)), version=version)
