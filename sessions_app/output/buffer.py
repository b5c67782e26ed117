"""The text of each running turn, in Redis: appended by a worker, read by whoever resumes, fenced by a cancel.

A buffer belongs to (session, turn) and holds the text of one attempt, the newest. It is stored as UTF-32, so that an
offset in code points is an offset in bytes. Every change is one script:

- ``append`` is conditional on attempt and offset: an older attempt and a closed buffer refuse, what is there already is
  not written twice, and text that would leave a gap is not taken (the writer then sends all of its text again);
- ``fence`` closes and reads at once: what it returns is all that will ever have been shown.

Nothing here is the truth. Every function may raise ``redis.RedisError``; callers go on without.
"""

from __future__ import annotations

import asyncio
import hashlib
import uuid
import weakref
from collections.abc import Sequence
from typing import Any, NamedTuple

import redis
import redis.asyncio
from django.conf import settings

from sessions_app import conf

_WIDTH = 4  # bytes of a code point


class Piece(NamedTuple):
    """Some text of a turn: that of ``attempt``, from ``off`` on, in code points."""

    session: uuid.UUID
    turn: str
    attempt: int
    off: int
    text: str


class Written(NamedTuple):
    """What a buffer holds of its newest attempt, from ``off`` on."""

    attempt: int
    off: int
    text: str


#: An older attempt, or a buffer that was closed: nothing more of this writer will be shown.
REFUSED = -1

# KEYS: head, text. ARGV: attempt, offset and bytes of the piece, seconds to live. Returns the length that is there now,
# in bytes: less than where the piece ends means that text before it is missing.
_APPEND = """
local head = redis.call('HMGET', KEYS[1], 'attempt', 'closed')
local attempt = tonumber(ARGV[1])
if head[2] or (head[1] and tonumber(head[1]) > attempt) then return -1 end
if head[1] and tonumber(head[1]) < attempt then redis.call('DEL', KEYS[2]) end
local have, off = redis.call('STRLEN', KEYS[2]), tonumber(ARGV[2])
if off > have then return have end
redis.call('HSET', KEYS[1], 'attempt', attempt)
local fresh = string.sub(ARGV[3], have - off + 1)
if #fresh > 0 then have = redis.call('APPEND', KEYS[2], fresh) end
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return have
"""

_APPEND_DIGEST = hashlib.sha1(_APPEND.encode(), usedforsecurity=False).hexdigest()

# KEYS: head, text. ARGV: the reader's attempt and offset. Another attempt than the reader's is read from its beginning.
_READ = """
local attempt = redis.call('HGET', KEYS[1], 'attempt')
if not attempt then return false end
local off = 0
if attempt == ARGV[1] then off = tonumber(ARGV[2]) end
return {tonumber(attempt), off, redis.call('GETRANGE', KEYS[2], off, -1)}
"""

# KEYS: head, text. ARGV: seconds to live. A turn that has written nothing yet will not begin any more.
_FENCE = """
local attempt = redis.call('HGET', KEYS[1], 'attempt')
redis.call('HSET', KEYS[1], 'closed', 1)
redis.call('EXPIRE', KEYS[1], ARGV[1])
if not attempt then return false end
redis.call('EXPIRE', KEYS[2], ARGV[1])
return {tonumber(attempt), 0, redis.call('GET', KEYS[2]) or ''}
"""

_OPTIONS: dict[str, Any] = {
    "socket_timeout": conf.OUTPUT_REDIS_S,
    "socket_connect_timeout": conf.OUTPUT_REDIS_S,
    "retry": None,
}
#: One client per event loop: its connections belong to the loop.
_clients: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, redis.asyncio.Redis] = weakref.WeakKeyDictionary()
_blocking: redis.Redis | None = None


def client() -> redis.asyncio.Redis:
    """This event loop's client. Commands wait for a free connection rather than fail for want of one."""
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        pool = redis.asyncio.BlockingConnectionPool.from_url(
            settings.LAYER_URL, max_connections=conf.OUTPUT_CONNECTIONS, timeout=conf.OUTPUT_REDIS_S, **_OPTIONS
        )
        _clients[loop] = redis.asyncio.Redis.from_pool(pool)
    return _clients[loop]


async def close_client() -> None:
    """Close this event loop's connections, before the loop ends."""
    known = _clients.pop(asyncio.get_running_loop(), None)
    if known is not None:
        await known.aclose()


def _blocking_client() -> redis.Redis:
    global _blocking  # noqa: PLW0603 — one pool a process
    if _blocking is None:
        _blocking = redis.Redis.from_url(settings.LAYER_URL, **_OPTIONS)
    return _blocking


def _keys(session: uuid.UUID, turn: str) -> tuple[str, str]:
    # Braces: both keys on one node of a cluster.
    name = f"tutor:output:{{{session.hex}:{turn}}}"
    return f"{name}:head", f"{name}:text"


def _encoded(text: str) -> bytes:
    return text.encode("utf-32-le", errors="surrogatepass")


def _decoded(found: Any) -> Written | None:
    if not found:
        return None
    attempt, off, raw = found
    return Written(int(attempt), off // _WIDTH, bytes(raw).decode("utf-32-le", errors="surrogatepass"))


async def append(pieces: Sequence[Piece]) -> list[int]:
    """Append pieces of different turns in one round trip. The length of each text now, or ``REFUSED``."""
    try:
        lengths = await _append(pieces)
    except redis.exceptions.NoScriptError:
        await client().script_load(_APPEND)
        lengths = await _append(pieces)  # what was taken already is not written twice
    return [REFUSED if length == REFUSED else length // _WIDTH for length in lengths]


async def _append(pieces: Sequence[Piece]) -> list[int]:
    async with client().pipeline(transaction=False) as pipeline:
        for piece in pieces:
            arguments: list[int | bytes] = [piece.attempt, piece.off * _WIDTH, _encoded(piece.text), conf.OUTPUT_TTL_S]
            pipeline.evalsha(_APPEND_DIGEST, 2, *_keys(piece.session, piece.turn), *arguments)
        lengths: list[int] = await pipeline.execute()
    return lengths


async def read(session: uuid.UUID, turn: str, attempt: int = 0, off: int = 0) -> Written | None:
    """What follows (attempt, off), or all of a newer attempt; None where there is no text."""
    script = client().register_script(_READ)
    return _decoded(await script(keys=_keys(session, turn), args=[attempt, off * _WIDTH]))


async def drop(session: uuid.UUID, turn: str) -> None:
    """Forget a turn's text: it is in the log."""
    await client().delete(*_keys(session, turn))


#: Keys asked for in one round trip of a search.
_SCAN_KEYS = 1_000


def _of_sessions(sessions: Sequence[uuid.UUID]) -> list[str]:
    """The names of their buffers. Looks at every key there is, once: for the few who erase."""
    wanted = {session.hex for session in sessions}
    keys = _blocking_client().scan_iter(match="tutor:output:{*", count=_SCAN_KEYS)
    names = {key.decode().rpartition(":")[0] for key in keys}
    return sorted(name for name in names if name.partition("{")[2][:32] in wanted)


def count(sessions: Sequence[uuid.UUID]) -> int:
    """How many turns of these sessions have text here."""
    client_ = _blocking_client()
    return sum(int(client_.exists(f"{name}:text")) for name in _of_sessions(sessions))


def erase(session: uuid.UUID) -> int:
    """Forget all text of a session, and take no more of it: a worker that still writes is refused. Returns how many."""
    client_, erased = _blocking_client(), 0
    for name in _of_sessions([session]):
        client_.hset(f"{name}:head", "closed", 1)
        client_.expire(f"{name}:head", conf.OUTPUT_TTL_S)
        erased += int(client_.delete(f"{name}:text"))
    return erased


def fence(session: uuid.UUID, turn: str) -> Written | None:
    """Close a turn's text and return all of it, at once: nothing is shown after this. None where nothing was shown.

    For a cancel, from a thread, at most ``conf.OUTPUT_REDIS_S`` long. The buffer stays closed; should its turn go on
    after all (the cancel was not committed), the rest of its text arrives with its commit.
    """
    script = _blocking_client().register_script(_FENCE)
    return _decoded(script(keys=list(_keys(session, turn)), args=[conf.OUTPUT_TTL_S]))
