"""Exactly one ending per call, whatever happens to its worker.

Three sweeps, all safe to run anywhere and at the same time, because each ending is a compare-and-set:

1. calls of a worker boot whose last sign of life is older than the lease: nobody knows how it died (lost contact, not
   killed). Another attempt while there are some left, otherwise the call ends;
2. calls past their deadline, whether or not they run: they end as timed out;
3. calls in doubt about which nobody has decided for ``conf.PARKED_S``: they end without a result.

Honest limit: a worker that was only stopped for longer than its lease may run a repeatable tool beside the new attempt.
Its result is discarded; its outside effects are not undone.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import Any, Final

from django.db import connection

from sessions_app import crash_points, server
from sessions_app.delivery import Delivery
from sessions_app.exceptions import StaleWrite
from tools_app import calls, conf, outbox
from tools_app.calls import Claimed
from tools_app.exceptions import UnknownTool
from tools_app.registry import find
from tools_app.retry import AGAIN, DEFAULT, Attempt, choose
from tutor.interactions import Interaction, StrategyApplied
from tutor.strategies import Strategy

logger = logging.getLogger(__name__)

#: Sessions whose calls are ended in one sweep.
_LIMIT = 200
#: The worker's own deadline goes first, by this many seconds.
_GRACE_S = 1.0
#: Goes on while the machine sleeps, where there is such a clock.
_CLOCK = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
#: The row of the table that a worker's silence belongs to.
_REASON: Final = "lost_contact"

#: A claim is a sign of life, like a beat. A worker that was stopped may claim before it beats again: judged by its beat
#: alone it would lose the new call at once, and the call an attempt.
_LOST = f"""
SELECT {calls.COLUMNS} FROM tools_app_toolcall c LEFT JOIN tools_app_worker w ON w.owner = c.owner
 WHERE c.status = 'running'
   AND (w.owner IS NULL OR greatest(w.beat_at, c.started_at) < clock_timestamp() - make_interval(secs => %s))
 ORDER BY c.id LIMIT {_LIMIT}
"""
_OVERDUE = f"""
SELECT {calls.COLUMNS}, c.status FROM tools_app_toolcall c
 WHERE c.status <> 'ended' AND c.status <> 'parked'
   AND c.deadline_at < (SELECT clock_timestamp()) - make_interval(secs => %s)
 ORDER BY c.deadline_at LIMIT {_LIMIT}
"""
#: A call in doubt is past its deadline, too: it waits for a person, and for so long.
_FORGOTTEN = f"""
SELECT {calls.COLUMNS} FROM tools_app_toolcall c
 WHERE c.status = 'parked' AND c.parked_at < (SELECT clock_timestamp()) - make_interval(secs => %s)
 ORDER BY c.parked_at LIMIT {_LIMIT}
"""


def sweep() -> int:
    """End or repeat what nobody is working on. Returns how many calls were taken care of."""
    return _lost() + _overdue() + _forgotten()


class Watch:
    """The sweep of a process that runs it again and again.

    Where it was away itself (the database was down or did not answer, the machine slept), the workers may have been
    as well: each gets the time of a lease to beat before it counts as lost. Otherwise a restart of Postgres would take
    the calls away from every worker at once.
    """

    def __init__(self) -> None:
        self._last: float | None = None
        self._judge_from: float | None = None

    def sweep(self) -> int:
        """As ``monitor.sweep``."""
        began = time.clock_gettime(_CLOCK)
        away = self._last is not None and began - self._last > conf.LEASE_S
        if self._judge_from is not None and began >= self._judge_from:
            # Once: a monitor that is only slow, sweep after sweep, has to judge as well.
            away, self._judge_from = False, None
        elif away and self._judge_from is None:
            self._judge_from = began + conf.LEASE_S
        found = sweep() if self._judge_from is None else _overdue()
        self._last = time.clock_gettime(_CLOCK)
        return found


#: The timer service's (``settings.TUTOR_SWEEPS``).
watch = Watch().sweep


def _rows(sql: str, seconds: float) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [seconds])
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found


def _lost() -> int:
    lost = [calls.claimed(row) for row in _rows(_LOST, conf.LEASE_S)]
    for call in lost:
        logger.warning(
            "action=call.lost_contact session=%s call=%s attempt=%d owner=%s",
            call.session, call.ref, call.attempt, call.owner,
        )  # fmt: skip
    _deliver([_after_lost_contact(call) for call in lost])
    if lost:
        outbox.sweep(waited_s=0)
    return len(lost)


def _after_lost_contact(call: Claimed) -> Delivery:
    error = f"the worker {call.owner} does not answer any more"
    try:
        tool = find(call.tool)[0]
        repeatable, policy = tool.repeatable, tool.retry
    except UnknownTool:
        repeatable, policy = True, DEFAULT  # the next attempt says what is wrong
    decision = choose(_REASON, Attempt(call.charged, call.left_s, repeatable=repeatable, policy=policy, used=call.used))
    facts: list[Interaction] = [StrategyApplied(reason=_REASON, strategy=decision.strategy, detail=error)]
    if decision.strategy in AGAIN:
        return calls.again(call, decision, error, facts)
    if decision.strategy is Strategy.PARK:
        return calls.parked(call, error, facts)
    return calls.failed(call, decision.failure, error, facts=facts)


def _overdue() -> int:
    overdue = [replace(calls.claimed(row[:-1]), status=row[-1]) for row in _rows(_OVERDUE, _GRACE_S)]
    _deliver([calls.failed(call, "timeout", "the call's deadline has passed") for call in overdue])
    return len(overdue)


def _forgotten() -> int:
    forgotten = [replace(calls.claimed(row), status="parked") for row in _rows(_FORGOTTEN, conf.PARKED_S)]
    _deliver([calls.failed(call, "in_doubt", "nobody decided about it in time") for call in forgotten])
    return len(forgotten)


def _deliver(deliveries: list[Delivery]) -> None:
    """One by one: several may concern the same session."""
    for delivery in deliveries:
        crash_points.reach("monitor.before_delivery")
        try:
            server.deliver(delivery)
            crash_points.reach("monitor.delivered")
        except StaleWrite:
            logger.info("action=monitor.outrun session=%s", delivery.session)  # its worker, or another sweep, was first
        except Exception:
            logger.exception("action=monitor.failed session=%s", delivery.session)


def worker_alive() -> str | None:
    """Health: some worker beats."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM tools_app_worker"
            " WHERE stopped_at IS NULL AND beat_at > clock_timestamp() - make_interval(secs => %s)",
            [conf.LEASE_S],
        )
        found = cursor.fetchone()
    return None if found and found[0] else "no worker is running: celery -A config worker -P threads"
