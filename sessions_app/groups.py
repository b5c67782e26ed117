"""Calls that a machine has made together (``tutor.effects.Parallel``), as the session's kernel part remembers them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from tutor.effects import GroupStrategy
from tutor.statem import Effect


class Group(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A group whose members have not all ended."""

    #: Refs of its calls, in the machine's order.
    members: tuple[str, ...]
    strategy: GroupStrategy = "one_for_one"
    #: How many may run at the same time.
    at_once: int
    #: How many of them, from the first on, have been given a place.
    released: int
    #: Endings so far, by ref, as JSON values.
    results: dict[str, dict[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Release(Effect):
    """A member has a place now: workers may claim it."""

    ref: str


@dataclass(frozen=True, slots=True)
class Drop(Effect):
    """A member is not wanted any more, because another one failed."""

    ref: str


def load(plain: dict[str, Any]) -> dict[str, Group]:
    """Groups from the kernel part."""
    return msgspec.convert(plain, dict[str, Group])


def dump(groups: dict[str, Group]) -> dict[str, Any]:
    """Groups for the kernel part."""
    plain: dict[str, Any] = msgspec.to_builtins(groups)
    return plain


def victims(group: Group, failed: str) -> tuple[str, ...]:
    """The members that a failing one takes along, by the group's strategy (its own restarts are behind it)."""
    match group.strategy:
        case "one_for_all":
            return tuple(ref for ref in group.members if ref != failed)
        case "rest_for_one":
            return group.members[group.members.index(failed) + 1 :]
        case _:
            return ()
