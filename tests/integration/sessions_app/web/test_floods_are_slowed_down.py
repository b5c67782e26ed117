"""Commands, bytes and sockets are counted for each user and each address; who slows down is let in again."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest
import redis

from sessions_app import conf, metrics, rate_limits
from sessions_app.exceptions import CommandError
from sessions_app.rate_limits import RateLimits, address_of
from tests.integration.sessions_app.web.conftest import PATIENCE_S, Person, Web, view

FROM_AFAR = {"X-Forwarded-For": "203.0.113.9"}


@pytest.fixture
def limits(settings: Any, monkeypatch: pytest.MonkeyPatch) -> dict[str, tuple[float, int]]:
    """Only those that a test sets; counted in Redis, however busy the machine is."""
    monkeypatch.setattr(rate_limits, "ANSWER_S", PATIENCE_S)
    settings.TUTOR_RATE_LIMITS = {}
    found: dict[str, tuple[float, int]] = settings.TUTOR_RATE_LIMITS
    return found


async def test_too_many_commands_are_refused_for_a_moment_and_leave_no_trace(
    web: Web, ada: Person, bob: Person, limits: dict[str, tuple[float, int]]
) -> None:
    limits["commands.user"] = (0.5, 10)
    before = metrics.LIMITED.value(limit="commands.user")
    async with view(web, ada) as client, view(web, bob) as other:
        await client.hello(session=ada.session)
        await other.hello(session=bob.session)
        replies = [await client.command("policy.set", {"on_busy": "queue"}) for _ in range(30)]
        refused = [reply["d"] for reply in replies if reply["t"] == "err"]

        assert {d["code"] for d in refused} == {"rate_limited"}
        assert {d["retry"] for d in refused} == {"later"}
        assert 10 <= len(replies) - len(refused) < 30
        assert metrics.LIMITED.value(limit="commands.user") - before == len(refused)
        assert len(client.stream.of("policy.changed")) == len(replies) - len(refused)
        assert (await other.command("ping"))["t"] == "pong", "nobody else is held up"
        await asyncio.sleep(refused[-1]["after_ms"] / 1000)
        assert (await client.command("ping"))["t"] == "pong"


async def test_who_does_not_slow_down_is_put_out_with_4429(
    web: Web, ada: Person, limits: dict[str, tuple[float, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    limits["commands.user"] = (0.1, 5)
    monkeypatch.setattr(conf, "REFUSALS", 8)
    async with view(web, ada) as client:
        await client.hello(session=ada.session)
        for _ in range(30):
            await client.send("ping")

        assert await client.closed() == 4429
        bye = client.frames[-1]["d"]
        assert (bye["code"], bye["reconnect"]) == (4429, True)
        assert bye["after_ms"] > 0


async def test_bytes_count_too(web: Web, ada: Person, limits: dict[str, tuple[float, int]]) -> None:
    limits["bytes.user"] = (1_000.0, 100_000)
    async with view(web, ada) as client:
        await client.hello(session=ada.session)
        large = [await client.command("session.inspect", {"more": "x" * 30_000}) for _ in range(5)]

        assert [reply["t"] for reply in large[:3]] == ["ok"] * 3
        assert large[-1]["d"]["code"] == "rate_limited"
        assert (await client.command("ping"))["t"] == "pong"


async def test_too_many_new_sockets_are_told_when_to_come(
    web: Web, ada: Person, bob: Person, limits: dict[str, tuple[float, int]]
) -> None:
    limits["sockets.user"] = (0.02, 3)
    codes = []
    for _ in range(5):
        async with view(web, ada) as client:
            await client.send("hello", {"session": ada.session})
            frame = await client.seen(lambda frame: frame["t"] in {"live", "bye"})
            codes.append(frame["d"].get("code"))
            assert frame["t"] == "live" or frame["d"]["reconnect"]
    async with view(web, bob) as other:
        assert (await other.hello(session=bob.session))["t"] == "welcome"

    assert codes == [None, None, None, 4429, 4429]


async def test_an_address_counts_whoever_is_behind_it(
    web: Web, ada: Person, limits: dict[str, tuple[float, int]]
) -> None:
    limits["sockets.address"] = (0.02, 2)
    codes = []
    for _ in range(3):
        async with view(web, None, headers=FROM_AFAR) as client:
            await client.send("hello", {"session": ada.session})
            codes.append(await client.closed())
    async with view(web, ada) as other:
        assert (await other.hello(session=ada.session))["t"] == "welcome", "another address"

    assert codes == [4401, 4401, 4429]


async def test_one_user_has_so_many_sockets_at_once(
    web: Web, ada: Person, limits: dict[str, tuple[float, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conf, "SOCKETS_PER_USER", 2)
    async with view(web, ada) as one, view(web, ada) as two:
        await one.hello(session=ada.session)
        await two.hello(session=ada.session)
        async with view(web, ada) as three:
            await three.send("hello", {"session": ada.session})
            assert await three.closed() == 4429
        assert (await one.command("ping"))["t"] == "pong"
    async with view(web, ada) as four:
        assert (await four.hello(session=ada.session))["t"] == "welcome", "there is room again"


async def test_http_says_429_and_when_to_come(web: Web, ada: Person, limits: dict[str, tuple[float, int]]) -> None:
    limits["commands.user"] = (0.02, 4)
    async with httpx.AsyncClient(base_url=web.url, headers=ada.headers) as http:
        answers = [await http.get("/api/courses") for _ in range(6)]

    assert [answer.status_code for answer in answers] == [200] * 4 + [429] * 2
    assert answers[-1].json()["d"]["code"] == "rate_limited"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 50


async def test_processes_share_the_buckets(redis_url: str, limits: dict[str, tuple[float, int]]) -> None:
    limits["commands.user"] = (0.01, 100)
    one, two = RateLimits(), RateLimits()
    granted = 0
    for number in range(250):
        try:
            await (one, two)[number % 2].spend("commands", "user", "7")
            granted += 1
        except CommandError:
            pass

    # One more may have come back meanwhile; each process may keep less than a handful that it took and did not spend.
    assert 100 - 2 * int(100 * rate_limits.HANDFUL) < granted <= 101


async def test_without_redis_each_process_counts_by_itself(
    limits: dict[str, tuple[float, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise redis.ConnectionError("nobody is there")

    monkeypatch.setattr(rate_limits, "client", away)
    limits["commands.user"] = (0.01, 20)
    alone = RateLimits()
    for _ in range(20):
        await alone.spend("commands", "user", "7")
    with pytest.raises(CommandError) as refused:
        await alone.spend("commands", "user", "7")

    assert refused.value.code == "rate_limited"
    assert refused.value.after_ms
    await alone.spend("commands", "user", "8")


async def test_what_is_forgotten_is_bounded(
    redis_url: str, limits: dict[str, tuple[float, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "REMEMBERED", 10)
    limits["commands.address"] = (1.0, 100)
    many = RateLimits()
    for number in range(100):
        await many.spend("commands", "address", str(number))

    assert len(many._held) == 10


@pytest.mark.parametrize(
    ("host", "subject"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("a socket file", "a socket file"),
        (None, "unknown"),
    ],
)
def test_an_address_of_ipv6_is_its_network(host: str | None, subject: str) -> None:
    assert address_of(host) == subject
