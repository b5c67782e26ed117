"""The machine chooses a transition, the model permits it.

A machine with a proxy model (``TutoringSession``) is held to the proxy's django-fsm arrows; one without is held to the
states it declares. Two places state the table on purpose; a test compares them.
"""

from __future__ import annotations

from functools import cache
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
    instance: Any = proxy(state=source)
    try:
        if reset:
            instance.reset(target)
        else:
            getattr(instance, arrows(proxy)[source, target])()
    except KeyError:
        raise NotPermitted(f"{proxy.__name__} has no arrow from {source!r} to {target!r}") from None
    except (InvalidResultState, TransitionNotAllowed) as error:
        raise NotPermitted(str(error)) from error
