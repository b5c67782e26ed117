"""How fast one user, and one address, may send commands, open sockets, send bytes: token buckets shared in Redis.

Asking Redis for each command would cost every command a round trip, so a process takes tokens in handfuls and spends
them by itself; what it does not spend is not lost to anybody for long, for a handful is small beside the bucket. Where
Redis is away each process keeps the same buckets by itself: then a user has as many as there are processes, and nobody
has none. A refusal says when to come again. Limits: ``settings.TUTOR_RATE_LIMITS``.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import logging
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Literal, NamedTuple

import redis
from django.conf import settings

from sessions_app import metrics
from sessions_app.exceptions import CommandError
from sessions_app.output.buffer import client

logger = logging.getLogger(__name__)

What = Literal["commands", "bytes", "sockets", "guests"]
Whose = Literal["user", "address"]
#: Buckets one process remembers; beyond them the ones that were asked for least recently are forgotten.
REMEMBERED = 20_000
#: A handful, as a part of the bucket.
HANDFUL = 0.05
#: How long this process decides by itself after Redis did not answer, in seconds; and how long it waits for an answer:
#: a command must not be slow because nobody counts it.
ALONE_S = 5.0
ANSWER_S = 0.2

# KEYS: bucket. ARGV: tokens a second, the most it holds, tokens wanted, at least. Redis' own clock. Returns how many
# are granted, and if none: milliseconds until there are enough.
_TAKE = """
local now = redis.call('TIME')
local ms = now[1] * 1000 + math.floor(now[2] / 1000)
local rate, most, wanted, least = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local was = redis.call('HMGET', KEYS[1], 'tokens', 'at')
local tokens = most
if was[1] then tokens = math.min(most, tonumber(was[1]) + math.max(0, ms - tonumber(was[2])) * rate / 1000) end
local granted, wait = math.min(wanted, math.floor(tokens)), 0
if granted < least then
  granted, wait = 0, math.ceil((least - tokens) * 1000 / rate)
end
redis.call('HSET', KEYS[1], 'tokens', string.format('%.3f', tokens - granted), 'at', ms)
redis.call('PEXPIRE', KEYS[1], math.ceil(most * 1000 / rate) + 1000)
return {granted, wait}
"""
_TAKE_DIGEST = hashlib.sha1(_TAKE.encode(), usedforsecurity=False).hexdigest()


class Limit(NamedTuple):
    """Tokens that come back a second, and the most that gather."""

    per_s: float
    most: int


@dataclass(slots=True)
class _Held:
    """What this process has of one bucket."""

    #: Tokens taken from Redis and not spent.
    tokens: int = 0
    #: So many were refused until then, by the monotonic clock; no use to ask for as many before.
    refused: int = 0
    refused_until: float = 0.0
    #: The bucket that this process keeps by itself while Redis is away: tokens, and when that was.
    own: float = -1.0
    own_at: float = 0.0


class RateLimits:
    """The buckets of one process."""

    def __init__(self) -> None:
        self._held: OrderedDict[tuple[str, str], _Held] = OrderedDict()
        self._alone_until = 0.0

    async def spend(self, what: What, whose: Whose, subject: str, amount: int = 1) -> None:
        """Spend tokens. Raises ``CommandError(rate_limited)``; a refusal spends nothing."""
        name = f"{what}.{whose}"
        limit = limit_of(name)
        if limit is None:
            return
        held = self._of(name, subject)
        if held.tokens >= amount:
            held.tokens -= amount
            return
        wait_ms = await self._ask(name, subject, held, limit, min(amount, limit.most))
        if wait_ms:
            metrics.LIMITED.add(limit=name)
            raise CommandError(
                "rate_limited",
                "That was a lot at once; please wait a moment.",
                after_ms=wait_ms,
                detail={"limit": name, "per_s": limit.per_s},
            )

    def _of(self, name: str, subject: str) -> _Held:
        key = (name, subject)
        held = self._held.get(key)
        if held is None:
            held = self._held[key] = _Held()
            if len(self._held) > REMEMBERED:
                self._held.popitem(last=False)
        else:
            self._held.move_to_end(key)
        return held

    async def _ask(self, name: str, subject: str, held: _Held, limit: Limit, amount: int) -> int:
        """Take a handful and spend ``amount`` of it; milliseconds to wait where there is too little."""
        now = time.monotonic()
        if now < held.refused_until and amount >= held.refused:
            return int((held.refused_until - now) * 1000) + 1
        granted, wait_ms = 0, 0
        if now >= self._alone_until:
            try:
                async with asyncio.timeout(ANSWER_S):
                    granted, wait_ms = await self._take(name, subject, limit, amount - held.tokens)
            except (redis.RedisError, TimeoutError) as error:
                logger.warning("action=limits.alone for_s=%s error=%r", ALONE_S, error)
                self._alone_until = now + ALONE_S
        if now < self._alone_until:
            return _alone(held, limit, amount, now)
        if not granted:
            held.refused, held.refused_until = amount, now + wait_ms / 1000
            return max(1, wait_ms)
        # Others of this process may have spent what was held while Redis was asked.
        held.tokens = max(0, held.tokens + granted - amount)
        return 0

    @staticmethod
    async def _take(name: str, subject: str, limit: Limit, least: int) -> tuple[int, int]:
        wanted = max(least, int(limit.most * HANDFUL))
        key, arguments = f"tutor:limit:{name}:{subject}", (limit.per_s, limit.most, wanted, least)
        try:
            granted, wait_ms = await client().evalsha(_TAKE_DIGEST, 1, key, *arguments)
        except redis.exceptions.NoScriptError:
            granted, wait_ms = await client().eval(_TAKE, 1, key, *arguments)
        return int(granted), int(wait_ms)


def _alone(held: _Held, limit: Limit, amount: int, now: float) -> int:
    """The same bucket, kept by this process alone."""
    have = limit.most if held.own < 0 else min(limit.most, held.own + (now - held.own_at) * limit.per_s)
    if have < amount:
        held.own, held.own_at = have, now
        return max(1, int((amount - have) * 1000 / limit.per_s))
    held.own, held.own_at = have - amount, now
    return 0


def limit_of(name: str) -> Limit | None:
    """``settings.TUTOR_RATE_LIMITS[name]``; None: there is no limit."""
    found = settings.TUTOR_RATE_LIMITS.get(name)
    return Limit(*found) if found else None


def address_of(host: str | None) -> str:
    """What counts as one address: of IPv6 the network, for a household has billions of addresses in it."""
    try:
        address = ipaddress.ip_address(host or "")
    except ValueError:
        return host or "unknown"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ipaddress.ip_network((address, 64), strict=False).network_address)
    return str(address)


#: This process's.
rate_limits = RateLimits()
