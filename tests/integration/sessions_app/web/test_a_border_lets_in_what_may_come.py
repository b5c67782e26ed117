"""Who is let in, and what they may do and see: asked at every command, not only at the door."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from sessions_app import conf
from sessions_app.consumers import same_origin
from sessions_app.models import AccessToken
from sessions_app.pool import in_database
from tests.integration.sessions_app.web.conftest import Person, Web, view
from tutor.interactions import KINDS, Visibility


@pytest.fixture
def asked_always(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rights are asked again before every command, so that a test need not wait."""
    monkeypatch.setattr(conf, "RIGHTS_S", 0.0)
    monkeypatch.setattr(conf, "RIGHTS_IDLE_S", 0.0)


# --- cookie and origin -------------------------------------------------------------------------------------------


async def test_a_cookie_counts_for_our_own_page_only(web: Web, ada: Person) -> None:
    for origin, code in [
        (web.url, None),
        ("https://evil.example", 4401),
        (f"http://localhost:{web.port}", 4401),
        (f"http://127.0.0.1:{web.port + 1}", 4401),
        ("null", 4401),
        (None, 4401),
    ]:
        headers = {"Cookie": ada.cookie, **({"Origin": origin} if origin else {})}
        async with view(web, None, headers=headers) as client:
            if code is None:
                assert (await client.hello(session=ada.session))["t"] == "welcome"
            else:
                await client.send("hello", {"session": ada.session})
                assert await client.closed() == code, origin


def test_a_trusted_origin_is_named_in_the_settings(settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["tutor.example"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://school.example"]

    assert same_origin("https://tutor.example", "tutor.example")
    assert same_origin("https://school.example", "tutor.example")
    assert not same_origin("https://tutor.example:8443", "tutor.example")
    assert not same_origin("https://other.example", "other.example")
    assert not same_origin("", "tutor.example")
    assert not same_origin("null", "tutor.example")


# --- what was given may be taken away ----------------------------------------------------------------------------


@pytest.mark.usefixtures("asked_always")
async def test_a_token_that_was_taken_back_ends_the_socket_at_its_next_word(web: Web, ada: Person) -> None:
    async with view(web, ada) as client:
        await client.hello(session=ada.session)
        await in_database(AccessToken.objects.all().delete)
        await client.send("message.send", {"text": "still here"})

        assert await client.closed() == 4401
        assert not client.stream.of("message.accepted")


@pytest.mark.usefixtures("asked_always")
async def test_who_logs_out_or_is_locked_out_is_out(web: Web, ada: Person) -> None:
    async with (
        view(web, None, headers={"Cookie": ada.cookie, "Origin": web.url}) as browser,
        view(web, ada) as program,
    ):
        await browser.hello(session=ada.session)
        await program.hello(session=ada.session)

        def lock_out() -> None:
            ada.user.is_active = False
            ada.user.save()

        await in_database(lock_out)
        for client in (browser, program):
            await client.send("ping")
            assert await client.closed() == 4401


async def test_a_teacher_without_the_right_any_more_stops_seeing(
    web: Web, ada: Person, teacher: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conf, "RIGHTS_S", 0.0)
    # Nothing is sent by the teacher: the socket is looked after by itself, once in LOOK_S.
    async with view(web, teacher, kinds=frozenset(KINDS)) as client:
        assert (await client.hello(session=ada.session))["d"]["role"] == "teacher"
        await in_database(teacher.user.user_permissions.clear)

        assert await client.closed() == 4404


# --- rights per command and per kind -----------------------------------------------------------------------------


async def test_each_role_sees_its_kinds_and_sends_its_commands(web: Web, ada: Person, operator: Person) -> None:
    async with view(web, ada) as learner, view(web, operator, kinds=frozenset(KINDS)) as root:
        await learner.hello(session=ada.session)
        await root.hello(session=ada.session)
        assert (await learner.command("session.suspend"))["d"]["code"] == "forbidden"
        assert (await root.command("session.suspend"))["t"] == "ok"
        assert (await root.command("session.unsuspend"))["t"] == "ok"

        for client, level in ((learner, Visibility.LEARNER), (root, Visibility.OPERATOR)):
            kinds = {event["t"] for event in client.stream.events}
            assert all(KINDS[kind].visibility <= level for kind in kinds)
        assert {"step", "session.suspended"} <= {event["t"] for event in root.stream.events}
        assert learner.welcome["d"]["head"] < root.welcome["d"]["head"]
        assert (await learner.command("session.inspect"))["d"].get("why") is None
        assert (await root.command("session.inspect"))["d"]["why"]


async def test_a_view_that_only_looks_reads_and_writes_nothing(web: Web, ada: Person) -> None:
    async with view(web, ada) as client:
        assert (await client.hello(session=ada.session, read_only=True))["d"]["read_only"] is True

        for kind, d in (
            ("message.send", {"text": "hi"}),
            ("turn.cancel", {}),
            ("policy.set", {"on_busy": "queue"}),
            ("session.fork", {"seq": 1}),
            ("tool.resolve", {"call": "c1", "decision": "skip"}),
        ):
            assert (await client.command(kind, d))["d"]["code"] == "read_only", kind
        for kind in ("history.get", "session.inspect", "ping"):
            assert (await client.command(kind))["t"] != "err", kind


# --- the other doors ---------------------------------------------------------------------------------------------


def test_metrics_are_for_this_machine_and_for_the_token(web: Web, settings: Any) -> None:
    settings.TUTOR_METRICS_TOKEN = "a secret"  # noqa: S105 — the test's
    from_afar = {"X-Forwarded-For": "203.0.113.9"}

    assert "tutor_sockets " in httpx.get(f"{web.url}/metrics").text
    assert httpx.get(f"{web.url}/metrics", headers=from_afar).status_code == 404
    with_token = {**from_afar, "Authorization": "Bearer a secret"}
    assert httpx.get(f"{web.url}/metrics", headers=with_token).status_code == 200


def test_pages_allow_no_script_but_their_own(web: Web) -> None:
    page = httpx.get(f"{web.url}/")
    policy = dict(part.strip().split(" ", 1) for part in page.headers["Content-Security-Policy"].split(";") if part)

    assert policy["script-src"] == policy["style-src"] == policy["default-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert page.headers["X-Frame-Options"] == "DENY"
    assert "<script>" not in page.text
    assert " style=" not in page.text
    assert " onclick=" not in page.text


def test_ids_cannot_be_guessed(ada: Person, bob: Person, teacher: Person) -> None:
    ids = [one.session for one in (ada, bob, teacher)]

    assert all(len({one[i] for one in ids}) > 1 for i in range(4)), "nothing in front is counted"
    assert all(one[14] == "4" for one in ids), "random uuids"
