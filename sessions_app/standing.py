"""Who somebody is, and whether that still holds: a login, a token, a right may be taken away while a socket is open."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model

from sessions_app import access


@dataclass(frozen=True, slots=True)
class Standing:
    """How a user was recognised. Asked again, it answers with the user as they are now."""

    user_id: int
    #: Of a bearer token.
    token: str | None = None
    #: Of a login cookie.
    cookie: str | None = None

    def again(self) -> Any | None:
        """The user, if what recognised them still does. Reads the database."""
        if self.token is not None:
            return access.user_of_token(self.token)
        if self.cookie is not None and not import_module(settings.SESSION_ENGINE).SessionStore().exists(self.cookie):
            return None  # logged out
        return get_user_model()._default_manager.filter(pk=self.user_id, is_active=True).first()
