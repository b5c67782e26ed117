"""The machine chooses a transition, the model permits it.

A machine with a proxy model (``TutoringSession``) is held to the proxy's django-fsm arrows; one without is held to the
states it declares. Two places state the table on purpose; a test compares them.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from django_fsm import InvalidResultState, TransitionNotAllowed

from sessions_app.exceptions import SessionError
from sessions_app.models import Session, TutoringSession

#: Name of a machine -> the proxy that has its arrows.
PROXIES: dict[str, type[Session]] = {"tutoring": TutoringSession}


class NotPermitted(SessionError):
    """The machine wants an arrow that the model does not have. Correct the machine's table or the model's."""


@cache
def arrows(proxy: type[Session]) -> dict[tuple[str, str], str]:
    """``(source, target)`` -> name of the proxy's transition method, from django-fsm's own table."""
    field = proxy._meta.get_field("state")
    found: dict[tuple[str, str], str] = {}
    for transition in field.get_all_transitions(proxy):
        if isinstance(transition.target, str):
            found[str(transition.source), transition.target] = transition.name
    return found


def check(machine_name: str, machine: Any, source: str, target: str, *, reset: bool = False) -> None:
    """Raises ``NotPermitted`` where there is no such arrow. ``reset``: an operator chose the target."""
    proxy = PROXIES.get(machine_name)
    if proxy is None:
        if target not in machine.states:
            raise NotPermitted(f"{target!r} is none of the declared states of {machine_name!r}")
        return
    refused = _refusal(proxy, source, target, reset=reset)
    if refused is not None:
        raise NotPermitted(refused)


@lru_cache(maxsize=1_024)
def _refusal(proxy: type[Session], source: str, target: str, *, reset: bool) -> str | None:
    """Why the model does not permit an arrow. Its arrows have no conditions, so that each is tried once a process."""
    instance: Any = proxy(state=source)
    try:
        if reset:
            instance.reset(target)
        else:
            getattr(instance, arrows(proxy)[source, target])()
    except KeyError:
        return f"{proxy.__name__} has no arrow from {source!r} to {target!r}"
    except (InvalidResultState, TransitionNotAllowed) as error:
        return str(error)
    return None
