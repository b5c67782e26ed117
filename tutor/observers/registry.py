"""The observers there are: ``@observer`` on a class makes one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Collection, Iterable
from functools import lru_cache
from typing import NamedTuple, TypeVar

import msgspec

from tutor.interactions import KINDS
from tutor.observers.observer import Observer

T = TypeVar("T", bound=type[Observer])

_observers: dict[str, type[Observer]] = {}


class UnknownObserver(LookupError):
    """No observer has that name; the message lists those there are."""


class Triggers(NamedTuple):
    """When the sessions of some observers are looked at."""

    kinds: frozenset[str]
    #: After every so many interactions; empty: not by number.
    every: frozenset[int]


def observer(
    name: str,
    *,
    on: Collection[str] = (),
    reads: Collection[str] = (),
    every: int = 0,
    version: int = 1,
    timeout_s: float = 30.0,
) -> Callable[[T], T]:
    """Register a class as an observer.

    ``on``: kinds that make it worth a look, ``every``: so does every n-th interaction of the session. It is shown the
    kinds ``on`` and ``reads``. Raise ``version`` when its fields or what it makes of them change: views are then folded
    anew. Raises ``TypeError`` where the class is no observer, or ``KINDS`` has no such kind.
    """

    def register(found: T) -> T:
        unknown = {*on, *reads} - KINDS.keys()
        if unknown:
            raise TypeError(f"the observer {name!r} reads {', '.join(sorted(unknown))}: there is no such interaction")
        if not on and every < 1:
            raise TypeError(f"the observer {name!r} is never looked at: say on=[kinds] or every=n interactions")
        try:
            msgspec.json.schema(found)
            found()
        except TypeError as error:
            raise TypeError(f"the view of {name!r} must be JSON values with defaults: {error}") from None
        if name in _observers and _observers[name].__qualname__ != found.__qualname__:
            raise TypeError(f"two observers are called {name!r}")
        found.name, found.version, found.timeout_s = name, version, timeout_s
        found.on, found.reads, found.every = frozenset(on), frozenset(on) | frozenset(reads), every
        _observers[name] = found
        triggers.cache_clear()
        return found

    return register


def load(modules: Iterable[str]) -> None:
    """Import these modules, and all modules in those that are packages. Raises ``ImportError``."""
    for name in modules:
        module = importlib.import_module(name)
        for found in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{name}."):
            importlib.import_module(found.name)


def names() -> list[str]:
    """The names of all observers, sorted."""
    return sorted(_observers)


def find(name: str) -> type[Observer]:
    """The observer of that name. Raises ``UnknownObserver``."""
    try:
        return _observers[name]
    except KeyError:
        raise UnknownObserver(f"no observer is called {name!r}; known are {', '.join(names())}") from None


@lru_cache(maxsize=64)
def triggers(wanted: tuple[str, ...]) -> Triggers:
    """When a session with these observers is looked at; names that nobody has are passed over."""
    found = [_observers[name] for name in wanted if name in _observers]
    kinds: frozenset[str] = frozenset().union(*(one.on for one in found))
    return Triggers(kinds, frozenset(one.every for one in found if one.every))
