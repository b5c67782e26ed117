"""Typed readers of environment variables: a wrong value is said at once, with the variable's name."""

from __future__ import annotations

import os
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, default)


def flag(name: str, *, default: bool = False) -> bool:
    value = os.environ.get(name)
    if value is None:
        return default
    if value.lower() in _TRUE:
        return True
    if value.lower() in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be one of 1, 0, true, false, yes, no, on, off; it is {value!r}")


def integer(name: str, default: int, *, least: int = 0) -> int:
    value = os.environ.get(name)
    if value is None or value == "":
        return default
    try:
        number = int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number; it is {value!r}") from None
    if number < least:
        raise ImproperlyConfigured(f"{name} must be at least {least}; it is {number}")
    return number


def names(name: str) -> list[str] | None:
    """Names with commas between; None where the variable is not set or empty, no names where it says ``none``."""
    given = [part.strip() for part in text(name).split(",") if part.strip()]
    return [] if given == ["none"] else given or None


def database(url: str) -> dict[str, object]:
    """``postgres://user:password@host:port/name`` as Django's settings want it.

    Raises ``ImproperlyConfigured`` for another scheme.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(f"DATABASE_URL must begin with postgres://; it begins with {parts.scheme!r}")
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "tutor",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", unquote(parts.hostname or "")),
        "PORT": str(parts.port or ""),
    }
