"""Reading what older releases wrote: one pure function for each step from a version of a kind to the next.

    @upcaster("hint.given", 1)
    def _(payload: dict[str, Any]) -> dict[str, Any]:
        return {**payload, "bottom_out": False}

Applied when a row is read, never to the row: what is stored, hashed and verified stays as it was written. A class of
``tutor.interactions`` whose ``version`` rises needs an upcaster from each version before it; a test demands them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Payload = dict[str, Any]
Upcaster = Callable[[Payload], Payload]

#: (kind, version) -> the function to the next version.
UPCASTERS: dict[tuple[str, int], Upcaster] = {}


class NoUpcaster(LookupError):
    """Nobody knows how to read this version of a kind; register an ``upcaster`` for it."""


def upcaster(kind: str, version: int) -> Callable[[Upcaster], Upcaster]:
    """Register the step from ``version`` of a kind to the next one. Raises ``TypeError`` for a second one."""

    def register(function: Upcaster) -> Upcaster:
        if (kind, version) in UPCASTERS:
            raise TypeError(f"two upcasters read version {version} of {kind!r}")
        UPCASTERS[kind, version] = function
        return function

    return register


def upcast(kind: str, version: int, wanted: int, payload: Payload) -> Payload:
    """A payload of ``version`` as one of ``wanted``, step by step. Raises ``NoUpcaster``."""
    for step in range(version, wanted):
        try:
            payload = UPCASTERS[kind, step](payload)
        except KeyError:
            raise NoUpcaster(f"nothing leads from version {step} of {kind!r} to the next; add an upcaster") from None
    return payload
