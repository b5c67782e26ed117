"""Views rebuilt from a session's log: pure folds with a name and a version. Nothing keeps them up to date.

    project("transcript", facts)

The same facts give the same bytes, today and after any number of releases: a fold whose result changes gets a new
version and keeps the old function beside it. The tutor's message chain (``chain``) needs more than facts, and the state
itself is folded from steps by ``sessions_app.log``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from tutor.projections import observation, timeline, transcript
from tutor.projections.fact import Fact


class UnknownProjection(LookupError):
    """There is no projection of that name and version."""


@dataclass(frozen=True, slots=True)
class Projection:
    """One version of a view."""

    name: str
    version: int
    #: From a session's facts, oldest first, to JSON values.
    fold: Callable[[Sequence[Fact]], Any]


PROJECTIONS: tuple[Projection, ...] = (
    Projection("transcript", transcript.VERSION, transcript.transcript),
    Projection("timeline", timeline.VERSION, timeline.timeline),
    Projection("observation", 1, observation.unredacted),
    Projection("observation", observation.VERSION, observation.observation),
)

_encoder = msgspec.json.Encoder(order="sorted")


def named(name: str, version: int | None = None) -> Projection:
    """The projection of that name: its newest version, or the one asked for. Raises ``UnknownProjection``."""
    found = [one for one in PROJECTIONS if one.name == name and version in {None, one.version}]
    if not found:
        known = ", ".join(f"{one.name} {one.version}" for one in PROJECTIONS)
        raise UnknownProjection(f"there is no projection {name!r} of version {version or 'any'}; known are {known}")
    return max(found, key=lambda one: one.version)


def project(name: str, facts: Sequence[Fact], *, version: int | None = None) -> bytes:
    """A view of these facts (oldest first) as canonical JSON. Raises ``UnknownProjection``."""
    return _encoder.encode(named(name, version).fold(facts))
