"""Everything that is kept of one learner, as JSON Lines: readable without this program.

The first line says what the others are. Rows are read a page at a time: memory does not depend on how long somebody has
learned. A session's log is exported up to the head that its own line names.
"""

from __future__ import annotations

import gzip
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, cast

import msgspec
from django.db.models import Sum

from sessions_app.models import Session
from sessions_app.personal_data import places
from tutor import interactions
from tutor.wording import note_dispute

FORMAT = "tutor.learner-export"
#: Rises where a program that reads the older form would be misled; lines and fields more do not.
VERSION = 1

_LINES = {
    "header": "this line",
    "learner": "the account, without its password",
    "session": "one session, followed by what belongs to it; a fork shares the log of `parent` up to `fork_seq`",
    "interaction": "one fact of a session's log, in order of `seq`; `for` says who may see it; `payload` is null where"
    " its text was erased",
    "file_bytes": "a piece of an uploaded file from `offset` on, in Base64",
    "file_section": "text that was read of an uploaded file",
    "verdict": "what was found of an answer, and whether the learner contested it; it stands in the interactions, too",
    "mastery": "what the tutor last believed of a skill: `p` from 0 to 1; it stands in the interactions, too",
    "end": "the last line; without it the file is not whole",
}


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).isoformat()


def lines(learner: Any) -> Iterator[dict[str, Any]]:
    """All of it, oldest session first. ``learner`` is a user."""
    described = {place.line: place.name for place in places.of_sessions() if place.line}
    yield {
        "line": "header",
        "format": FORMAT,
        "version": VERSION,
        "exported_at": datetime.now(UTC).isoformat(),
        "lines": {**described, **_LINES},
        "times": "ISO 8601, UTC",
    }
    yield {
        "line": "learner",
        "id": learner.pk,
        "username": learner.get_username(),
        "first_name": learner.first_name,
        "last_name": learner.last_name,
        "email": learner.email,
        "joined": _iso(learner.date_joined),
        "last_login": _iso(learner.last_login),
    }
    count = 2
    rows = Session.objects.filter(learner_id=learner.pk)
    for key in list(rows.order_by("created_at").values_list("pk", flat=True)):
        for line in _of_session(rows.get(pk=key)):
            count += 1
            yield line
    yield {"line": "end", "lines_before": count}


def _of_session(session: Session) -> Iterator[dict[str, Any]]:
    yield {
        "line": "session",
        "session": str(session.pk),
        "course": session.course,
        "machine": session.machine,
        "machine_args": session.machine_args,
        "state": session.state,
        "live": session.live,
        "parent": session.parent_id and str(session.parent_id),
        "fork_seq": session.fork_seq,
        "previous": session.previous_id and str(session.previous_id),
        "head": session.head,
        "started": _iso(session.created_at),
        "changed": _iso(session.changed_at),
        "erased": _iso(session.erased_at),
        "data": session.data,
    }
    seen = _Seen(str(session.pk))
    for place in places.of_sessions():
        for row in place.export(session.pk):
            if place.line == "interaction":
                if row["seq"] > session.head:
                    break
                seen.take(row)
            yield {"line": place.line, "session": str(session.pk), **row}
    yield from seen.verdicts()
    yield from seen.mastery()


class _Seen:
    """What a session's log says of verdicts and mastery: bounded by its questions and skills, not by its age."""

    def __init__(self, session: str) -> None:
        self._session = session
        self._verdicts: dict[tuple[str, str], dict[str, Any]] = {}
        self._mastery: dict[str, dict[str, Any]] = {}

    def take(self, row: dict[str, Any]) -> None:
        """Take one exported interaction."""
        payload = row["payload"]
        if payload is None:
            return
        if row["kind"] == interactions.AnswerChecked.kind:
            key = (payload["question"], payload.get("part", "main"))
            known = self._verdicts.pop(key, {"attempts": 0, "disputed": False})
            fields = ("answer", "verdict", "known_error")
            newest = {name: payload.get(name) for name in fields}
            self._verdicts[key] = {**known, **newest, "attempts": known["attempts"] + 1, "seq": row["seq"]}
        elif row["kind"] == interactions.AuthorNoted.kind:
            for (question, _), told in self._verdicts.items():
                if question == payload["about"] and payload["note"] == note_dispute(told["answer"]):
                    told["disputed"] = True
        elif row["kind"] == interactions.MasteryChanged.kind:
            self._mastery[payload["skill"]] = {"p": payload["p"], "mastered": payload["mastered"], "seq": row["seq"]}

    def verdicts(self) -> Iterator[dict[str, Any]]:
        """The newest verdict of each part of each question."""
        for (question, part), told in self._verdicts.items():
            yield {"line": "verdict", "session": self._session, "question": question, "part": part, **told}

    def mastery(self) -> Iterator[dict[str, Any]]:
        """The newest belief of each skill."""
        for skill, told in self._mastery.items():
            yield {"line": "mastery", "session": self._session, "skill": skill, **told}


def size_of(learner: int) -> int:
    """About how many lines it will be."""
    total = Session.objects.filter(learner_id=learner).aggregate(heads=Sum("head"), forked=Sum("fork_seq"))
    return max(1, (total["heads"] or 0) - (total["forked"] or 0))


#: Lines between two words about progress.
_TELL_EVERY = 500


def encoded(line: dict[str, Any]) -> bytes:
    """One line of the file."""
    return msgspec.json.encode(line, enc_hook=str) + b"\n"


def write(learner: Any, to: str, told: Callable[[int], object] = lambda _lines: None) -> int:
    """Write the file, whole or not at all. Returns its lines. Raises ``OSError``.

    ``.gz`` is compressed; ``-`` is standard output. ``told`` hears now and then how many lines there are.
    """
    if to == "-":
        return _write(learner, sys.stdout.buffer, told)
    path, part = Path(to), Path(f"{to}.part")
    with ExitStack() as stack:
        # Nobody else on this machine reads it.
        raw = stack.enter_context(open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb"))
        stack.callback(part.unlink, missing_ok=True)
        out: IO[bytes] = raw
        if path.suffix == ".gz":
            out = cast("IO[bytes]", stack.enter_context(gzip.open(raw, "wb")))
        count = _write(learner, out, told)
        if out is not raw:
            out.close()
        raw.flush()
        os.fsync(raw.fileno())
        part.replace(path)
    return count


def _write(learner: Any, out: IO[bytes], told: Callable[[int], object]) -> int:
    count = 0
    for count, line in enumerate(lines(learner), start=1):
        out.write(encoded(line))
        if count % _TELL_EVERY == 0:
            told(count)
    return count
