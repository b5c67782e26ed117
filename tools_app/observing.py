"""Looking at sessions for their observers: lease, read, let each observer look in a child process, write, let go.

Nothing here is in the way of a turn. A look locks nothing while it reads and thinks; only where there is something to
say is the session locked, for one commit of facts. What is read is the log from where each observer has seen it on;
what is written goes with a compare-and-set on the observer's own row in the same commit, so that a remark is made once
whoever dies when, and however many look.

An observer that fails rests, alone: the others go on, and so does the session, which never hears of it.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, NamedTuple

import msgspec
import psycopg
from django.db import Error

from sessions_app import conf as kernel
from sessions_app import crash_points, history, server
from sessions_app.commit import timestamp, wire
from sessions_app.delivery import Delivery, LookUp, Row, Statement, Write
from sessions_app.exceptions import StaleWrite
from sessions_app.output.gate import gate
from sessions_app.wire import Asked
from tools_app import conf, notices, registry
from tools_app.children import Children
from tools_app.scope import Scope
from tools_app.tools.observe import ROLE, observe
from tools_app.watching import observers_of
from tutor.interactions import ObserverNoted, ObserverSaid, ObserverSuggested, SessionRewound, TurnFinished
from tutor.observers import registry as observers
from tutor.observers.looking import Looked
from tutor.observers.observer import Observer
from tutor.observers.remark import Remark, identity_of
from tutor.projections.fact import Fact
from tutor.projections.standing import standing

logger = logging.getLogger(__name__)

#: What may take back what came before it.
_LANDMARKS = frozenset({SessionRewound.kind, TurnFinished.kind})
_REMARKS = frozenset({ObserverNoted.kind, ObserverSuggested.kind, ObserverSaid.kind})

#: One session, so that a lease is never spent on waiting for others. SKIP LOCKED: those who look do not wait for each
#: other, nor for a commit that marks the row just now.
_LEASE = """
UPDATE tools_app_observedsession o
   SET leased_until = clock_timestamp() + make_interval(secs => %s), lease = o.lease + 1,
       due_at = clock_timestamp() + make_interval(secs => %s)
  FROM (SELECT session_id FROM tools_app_observedsession
         WHERE due_at <= (SELECT clock_timestamp())
           AND (leased_until IS NULL OR leased_until <= (SELECT clock_timestamp()))
         ORDER BY due_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED) AS due
  JOIN sessions_app_session s ON s.id = due.session_id
 WHERE o.session_id = due.session_id
RETURNING o.session_id, o.lease, s.machine, s.machine_args::text, s.learner_id, s.course, s.head,
          (extract(epoch FROM clock_timestamp()) * 1000)::bigint
"""
#: Where something was marked meanwhile, that stays due.
_LET_GO = """
UPDATE tools_app_observedsession
   SET leased_until = NULL,
       due_at = least(CASE WHEN head > %s THEN due_at END, %s::timestamptz)
 WHERE session_id = %s AND lease = %s
"""
#: A fork has seen what it shares: its parent's observers have spoken about that.
_BEGIN = """
INSERT INTO tools_app_observerview (session_id, observer, seen)
SELECT s.id, wanted.observer, coalesce(s.fork_seq, 0)
  FROM sessions_app_session s CROSS JOIN unnest(%s::text[]) AS wanted(observer) WHERE s.id = %s
    ON CONFLICT DO NOTHING
"""
_VIEWS = """
SELECT observer, version, seen, view::text, looks, failures,
       (extract(epoch FROM wake_at) * 1000)::float, given_up, (extract(epoch FROM rests_until) * 1000)::float
  FROM tools_app_observerview WHERE session_id = %s AND observer = ANY(%s)
"""
ADVANCE = Statement(
    "advance_observer",
    """
UPDATE tools_app_observerview v
   SET version = r.version, seen = r.seen, view = r.view, wake_at = r.wake_at, looks = v.looks + 1, failures = 0,
       error = '', rests_until = NULL, given_up = false
  FROM json_to_recordset(%s) AS r(session_id uuid, observer text, looks bigint, version int, seen bigint, view jsonb,
       wake_at timestamptz)
 WHERE v.session_id = r.session_id AND v.observer = r.observer AND v.looks = r.looks
RETURNING 1""",
)
_FAILED = """
UPDATE tools_app_observerview
   SET failures = failures + 1, error = %s, looks = looks + 1, version = %s,
       view = CASE WHEN %s THEN NULL ELSE view END,
       given_up = %s, rests_until = clock_timestamp() + make_interval(secs => %s)
 WHERE session_id = %s AND observer = %s AND looks = %s
"""
_STANDS = """
SELECT s.id, wanted.key, s.state, s.data::text, s.live
  FROM unnest(%s::uuid[], %s::text[]) AS wanted(id, key) JOIN sessions_app_session s ON s.id = wanted.id
"""

_encode = msgspec.json.Encoder().encode


class Leased(NamedTuple):
    """A session that this process looks at."""

    session: uuid.UUID
    lease: int
    machine: str
    machine_args: dict[str, Any]
    learner: int
    course: str
    #: The newest seq as the lease began.
    head: int
    #: The database's clock then, in milliseconds.
    now_ms: int


class View(NamedTuple):
    """What an observer knew after its last look."""

    version: int
    seen: int
    view: dict[str, Any] | None
    looks: int
    failures: int
    wake_ms: float | None
    #: It is left alone, for good or until then.
    given_up: bool
    rests_ms: float | None


class Shown(NamedTuple):
    """What an observer is to be shown."""

    view: dict[str, Any] | None
    facts: list[Fact]
    #: Up to which seq it will have seen the log.
    upto: int
    told: list[tuple[str, str, int]]


@dataclass(slots=True)
class Result:
    """What a session's observers came to in one look."""

    advances: list[Write] = field(default_factory=list)
    remarks: list[tuple[str, Remark]] = field(default_factory=list)
    #: When to look again although nothing happens, in milliseconds.
    wake_ms: list[float] = field(default_factory=list)


@dataclass(slots=True)
class _Breaker:
    """How an observer does in this process, whatever the session."""

    failures: int = 0
    rests_until: float = 0.0


class Looker:
    """Looks at what is due, one session after the other; of one thread."""

    def __init__(self) -> None:
        self._children = Children(1)
        #: The database is asked from outside of it: only what a child is asked runs on its loop.
        self._runner = asyncio.Runner()
        self._breakers: dict[str, _Breaker] = {}
        self._stopped = False

    def look_at_due(self) -> int:
        """Look at every session that is due. Returns how many looks there were."""
        looks = 0
        while self.look_at_next():
            looks += 1
        return looks

    def look_at_next(self) -> bool:
        """Look at the session that has been due for longest. False: none is, or this was stopped.

        Where it cannot be looked at (its machine is gone, say) it is let go for a while, and the error raised.
        """
        if self._stopped or (leased := _lease()) is None:
            return False
        crash_points.reach("observing.leased")
        try:
            self.look_at(leased)
        except Exception:
            with suppress(Error, psycopg.Error):
                _let_go(leased, leased.now_ms + conf.OBSERVER_REST_S * 1_000)
            raise
        return True

    def stop(self) -> None:
        """From any thread: end the child, whatever it does; the look that waits for it is given up."""
        self._stopped = True
        self._children.close()

    def close(self) -> None:
        """Give back everything; by the thread that looks."""
        if not self._stopped:
            self.stop()
        self._runner.close()

    def look_at(self, leased: Leased) -> None:
        """Let every observer of a session see what is new to it, and write what they say."""
        ends = time.monotonic() + conf.OBSERVE_LEASE_S * 2 / 3
        machine = kernel.machine(leased.machine, leased.machine_args)
        names = observers_of(machine)
        views = _views(leased.session, names)
        result = Result()
        new = _New(leased, [views[name] for name in names])
        for name in names:
            if time.monotonic() > ends:
                result.wake_ms.append(leased.now_ms)
                break
            self._look(leased, observers.find(name), views[name], new, result)
        crash_points.reach("observing.looked")
        _write(leased, result)
        crash_points.reach("observing.written")
        _let_go(leased, min(result.wake_ms, default=None))

    def _look(self, leased: Leased, one: type[Observer], known: View, new: _New, result: Result) -> None:
        breaker = self._breakers.setdefault(one.name, _Breaker())
        rests_ms = _rest_of(known, one, leased.now_ms)
        left_s = breaker.rests_until - time.monotonic()
        if left_s > 0:
            rests_ms = max(rests_ms or 0.0, leased.now_ms + left_s * 1_000)
        if rests_ms is not None:
            if rests_ms != float("inf"):
                result.wake_ms.append(rests_ms)
            return
        try:
            shown = new.for_observer(one, known)
            woken = known.wake_ms is not None and known.wake_ms <= leased.now_ms
            if shown.view is not None and not shown.facts and not woken:
                looked = Looked(view=shown.view, wake_ms=None if known.wake_ms is None else int(known.wake_ms))
            else:
                looked = self._runner.run(self._ask(leased, one, known, shown))
            _check(one, looked, leased.head)
        except Exception as error:
            if self._stopped:
                raise  # it was not the observer's fault
            breaker.failures += 1
            if breaker.failures >= conf.OBSERVER_BREAKER_FAILURES:
                breaker.failures, breaker.rests_until = 0, time.monotonic() + conf.OBSERVER_BREAKER_S
            result.wake_ms += _failed(leased, one, known, error)
            return
        breaker.failures = 0
        result.advances.append(_advance(leased, one, known, looked, shown.upto))
        result.remarks += [(one.name, remark) for remark in looked.remarks]
        if shown.upto < leased.head:
            result.wake_ms.append(leased.now_ms)
        if looked.wake_ms is not None:
            result.wake_ms.append(looked.wake_ms)

    async def _ask(self, leased: Leased, one: type[Observer], known: View, shown: Shown) -> Looked:
        """One look in the child. Raises ``TimeoutError``, ``ChildDied`` or whatever became of it there."""
        tool = registry.registered(observe.__name__, offline=False)
        scope = Scope(
            session=leased.session, learner=leased.learner, course=leased.course, machine_args=leased.machine_args,
            roles=[ROLE], expires_ms=leased.now_ms + int(conf.OBSERVE_LEASE_S * 1_000),
        )  # fmt: skip
        job = {
            "module": one.__module__,
            "observer": one.name,
            "view": shown.view,
            "facts": msgspec.to_builtins(shown.facts),
            "now_ms": leased.now_ms,
            "whole": shown.upto >= leased.head,
            "seen": known.seen,
            "told": shown.told,
        }
        # What a new process costs is not the observer's to pay.
        await self._children.begin()
        async with asyncio.timeout(one.timeout_s):
            answer = await self._children.run(tool, msgspec.to_builtins(scope), job)
        return msgspec.convert(tool.checked(answer), Looked)


class _New:
    """What is new in a session since its observers looked last, read from the log once for all of them."""

    def __init__(self, leased: Leased, views: Sequence[View]) -> None:
        self._leased = leased
        kinds = _LANDMARKS.union(*(observers.find(name).reads for name in observers.names()))
        after = min((view.seen for view in views if view.view is not None), default=leased.head)
        facts = history.facts(leased.session, after=after, upto=leased.head, kinds=kinds)
        self._facts = list(islice(facts, conf.OBSERVE_PAGE))
        full = len(self._facts) == conf.OBSERVE_PAGE
        self._upto = self._facts[-1].seq if full else leased.head

    def for_observer(self, one: type[Observer], known: View) -> Shown:
        """What it has not seen yet; all that counts where its view is not there, is another version's, or was folded
        from what was taken back meanwhile."""
        new = [fact for fact in self._facts if fact.seq > known.seen]
        if known.view is None or known.version != one.version or any(_takes_back(fact) for fact in new):
            return self._anew(one)
        return Shown(known.view, [fact for fact in new if fact.kind in one.reads], max(self._upto, known.seen), [])

    def _anew(self, one: type[Observer]) -> Shown:
        leased = self._leased
        rows = history.newest_first(leased.session, leased.head, kinds=one.reads | _LANDMARKS)
        facts = (fact for fact in standing(rows) if fact.kind in one.reads)
        newest = list(islice(facts, conf.OBSERVE_HISTORY))
        return Shown(None, newest[::-1], leased.head, _told(leased, one.name))


def _told(leased: Leased, name: str) -> list[tuple[str, str, int]]:
    """What an observer has said in this session and before it was forked, taken back or not."""
    found = []
    for fact in history.facts(leased.session, upto=leased.head, kinds=_REMARKS):
        said = fact.interaction
        identity = identity_of(said) if said is not None and getattr(said, "observer", None) == name else None
        if identity is not None:
            found.append(identity)
    return found


def _takes_back(fact: Fact) -> bool:
    match fact.interaction if fact.kind in _LANDMARKS else None:
        case SessionRewound() | TurnFinished(outcome="rolled_back"):
            return True
    return False


def _lease() -> Leased | None:
    [rows] = wire().ask(Asked(_LEASE, [conf.OBSERVE_LEASE_S, conf.OBSERVE_LEASE_S]))
    if not rows:
        return None
    session, lease, machine, machine_args, learner, course, head, now_ms = rows[0]
    return Leased(session, lease, machine, msgspec.json.decode(machine_args), learner, course, head, now_ms)


def _views(session: uuid.UUID, names: Collection[str]) -> dict[str, View]:
    wanted = list(names)
    found = _read_views(session, wanted)
    if len(found) < len(wanted):
        wire().ask(Asked(_BEGIN, [wanted, session]))
        found = _read_views(session, wanted)
    return found


def _read_views(session: uuid.UUID, names: list[str]) -> dict[str, View]:
    [rows] = wire().ask(Asked(_VIEWS, [session, names]))
    return {
        name: View(version, seen, None if view is None else msgspec.json.decode(view), looks, failures, wake_ms,
                   given_up, rests_ms)
        for name, version, seen, view, looks, failures, wake_ms, given_up, rests_ms in rows
    }  # fmt: skip


def _rest_of(known: View, one: type[Observer], now_ms: int) -> float | None:
    """Until when the observer leaves this session alone; None: it does not."""
    if known.version != one.version:
        return None  # another version may do better
    if known.given_up:
        return float("inf")
    return known.rests_ms if known.rests_ms is not None and known.rests_ms > now_ms else None


def _check(one: type[Observer], looked: Looked, head: int) -> None:
    for remark in looked.remarks:
        if remark.evidence[-1] > head:
            raise ValueError(f"{one.name} names {remark.evidence[-1]} as evidence, the log ends with {head}")


def _advance(leased: Leased, one: type[Observer], known: View, looked: Looked, upto: int) -> Write:
    return Write(
        ADVANCE,
        {
            "session_id": leased.session,
            "observer": one.name,
            "looks": known.looks,
            "version": one.version,
            "seen": upto,
            "view": looked.view,
            "wake_at": None if looked.wake_ms is None else timestamp(looked.wake_ms),
        },
    )


def _failed(leased: Leased, one: type[Observer], known: View, error: Exception) -> list[float]:
    """Let it rest. Returns when to look again, if at all."""
    detail = f"{type(error).__name__}: {error}"[: conf.ERROR_CHARS]
    gives_up = known.failures + 1 >= conf.OBSERVER_FAILURES
    rest_s = min(conf.OBSERVER_REST_S * 2**known.failures, conf.OBSERVER_REST_MOST_S)
    logger.warning(
        "action=observer.failed session=%s observer=%s failures=%d error=%s",
        leased.session, one.name, known.failures + 1, detail,
    )  # fmt: skip
    # A view of another version is not this one's to go on from.
    anew = gives_up or known.version != one.version
    parameters = [detail, one.version, anew, gives_up, rest_s, leased.session, one.name, known.looks]
    wire().ask(Asked(_FAILED, parameters))
    if gives_up:
        notices.tell(f"observer {one.name}", "tool_bug", detail)
        return []
    return [leased.now_ms + rest_s * 1_000]


def _write(leased: Leased, result: Result) -> None:
    """Make the remarks, once: with the rows of the observers in the same commit, or not at all."""
    if not result.advances:
        return
    if not result.remarks:
        wire().ask(Asked(ADVANCE.sql, [_encode([write.row for write in result.advances])]))
        return
    delivery = Delivery(leased.session, None, by="observer", writes=result.advances, opens_turn=False)
    try:
        server.deliver(
            replace(
                delivery,
                look_up=LookUp(_STANDS, ""),
                under_lock=lambda stands: _decided(leased, delivery, result.remarks, stands),
            )
        )
    except StaleWrite:
        logger.info("action=observing.superseded session=%s lease=%d", leased.session, leased.lease)


def _decided(leased: Leased, delivery: Delivery, remarks: Sequence[tuple[str, Remark]], stands: Row | None) -> Delivery:
    """Under the session's lock: what may be said to its learner as the session stands now."""
    facts = [
        remark.fact(name)
        for name, remark in remarks
        if remark.audience != "learner" or (stands is not None and _may_be_said(leased, remark.text, *stands))
    ]
    return replace(delivery, facts=facts)


def _may_be_said(leased: Leased, text: str, state: str, data: str, live: bool) -> bool:
    """Not to somebody who has left or waits for a person's help, and nothing that the leak gate would withhold."""
    machine, plain = kernel.machine(leased.machine, leased.machine_args), msgspec.json.decode(data)
    if not live or not machine.may_be_told(state, machine.load(plain)):
        return False
    gated = gate(leased.machine, leased.machine_args, state, plain)
    return gated.release(text) + gated.end() == text


def _let_go(leased: Leased, wake_ms: float | None) -> None:
    wake = None if wake_ms is None else timestamp(int(wake_ms))
    wire().ask(Asked(_LET_GO, [leased.head, wake, leased.session, leased.lease]))
