"""The real web server in this process: real sockets, Postgres and Valkey, and limits that a test may set."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from channels.layers import get_channel_layer
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Permission
from django.test import Client

from config.services.ports import listen
from config.web import server
from sessions_app import access, rate_limits, registry
from sessions_app.group_commit import group_commit
from sessions_app.output import buffer
from sessions_app.stream_grammar import Stream
from tests.acceptance.protocol_client import ProtocolClient

#: Seconds.
PATIENCE_S = 20.0
ECHO_STATES = frozenset({"idle", "awaiting_tool_result"})


@dataclass(frozen=True)
class Web:
    """Where it listens."""

    port: int
    #: Its event loop; a line in front of it needs none.
    loop: asyncio.AbstractEventLoop | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws_url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/ws/session/"


async def _no_drain() -> None:
    """The test's process goes on; ``draining`` is its own story."""


@pytest.fixture
def web(transactional_db: None, redis_url: str, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    """The server, with buckets of its own and every stream checked."""
    from config.asgi import application
    from sessions_app import consumers, http_api

    settings.TUTOR_CHECK_STREAMS = True
    fresh = rate_limits.RateLimits()
    monkeypatch.setattr(consumers, "rate_limits", fresh)
    monkeypatch.setattr(http_api, "rate_limits", fresh)
    listener = listen("127.0.0.1", 0, next_free=False)
    # What waits for a slow reader waits here, not in the kernel.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 16_384)
    running = server(application, _no_drain)

    loops: list[asyncio.AbstractEventLoop] = []

    async def serve() -> None:
        loops.append(asyncio.get_running_loop())
        await running.serve(sockets=[listener])
        await get_channel_layer().flush()
        await buffer.close_client()

    thread = threading.Thread(target=asyncio.run, args=[serve()], name="web", daemon=True)
    thread.start()
    while not loops:
        time.sleep(0.01)
    yield Web(listener.getsockname()[1], loops[0])
    running.should_exit = True
    thread.join(PATIENCE_S)
    listener.close()
    group_commit.stop()


@dataclass(frozen=True)
class Person:
    """Somebody with a token, a login cookie, and a session of the echo machine."""

    user: Any
    token: str
    cookie: str
    session: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


def person(name: str, **more: Any) -> Person:
    """Makes somebody. Not on an event loop."""
    user = get_user_model()._default_manager.create_user(name, **more)
    browser = Client()
    browser.force_login(user)
    session, _ = registry.start_or_find(user.pk, "echo", "echo", {})
    return Person(user, access.issue_token(user), f"sessionid={browser.cookies['sessionid'].value}", str(session))


@pytest.fixture
def ada(transactional_db: None) -> Person:
    """A learner."""
    return person("ada")


@pytest.fixture
def bob(transactional_db: None) -> Person:
    """Another one."""
    return person("bob")


@pytest.fixture
def teacher(transactional_db: None) -> Person:
    """A teacher, by the permission to view sessions."""
    made = person("tess", is_staff=True)
    made.user.user_permissions.add(
        Permission.objects.get(content_type__app_label="sessions_app", codename="view_session")
    )
    return made


@pytest.fixture
def operator(transactional_db: None) -> Person:
    """An operator."""
    return person("root", is_superuser=True, is_staff=True)


def view(web: Web, who: Person | None, **more: Any) -> ProtocolClient:
    """A socket on an echo session, checked as one that began somewhere."""
    stream = Stream(whole=False, machine_states=ECHO_STATES, kinds=more.pop("kinds", None))
    return ProtocolClient(web.ws_url, who.token if who else None, stream, **more)
