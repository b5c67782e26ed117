"""Announcing work: a call is durable before it is published, and a publication is only a hint.

The message names a queue, not a call: it wakes a worker, which then claims from the database whatever is queued. A lost
message is made good by the sweep here and by the workers' own looking; a doubled or forged one finds nothing more.
Workers hear the same through the channel layer, sooner and for less (``wake``): Celery's messages are then few.
"""

from __future__ import annotations

import logging

from celery import current_app
from django.db import connection

from sessions_app import crash_points
from sessions_app.delivery import Wake
from tools_app.conf import ANNOUNCE_AGAIN_S

logger = logging.getLogger(__name__)

DEFAULT_QUEUE = "tools"
#: The name under which workers register what a hint runs (``tools_app.tasks``).
WAKE_TASK = "tools.wake"
#: Celery's message, protocol 2, without what nobody reads: arguments, keyword arguments, callbacks.
_BODY: tuple[list[str], dict[str, str], dict[str, str]] = ([], {}, {})
_HEADERS = {"lang": "py", "task": WAKE_TASK, "id": WAKE_TASK}

#: Queues one probe of the index apart, however many calls wait in them.
_OVERDUE = """
WITH RECURSIVE named AS (
    (SELECT queue FROM tools_app_toolcall WHERE status = 'queued' ORDER BY queue LIMIT 1)
    UNION ALL
    SELECT next.queue FROM named CROSS JOIN LATERAL (
        SELECT c.queue FROM tools_app_toolcall c
         WHERE c.status = 'queued' AND c.queue > named.queue ORDER BY c.queue LIMIT 1) AS next
)
SELECT queue FROM named
 WHERE EXISTS (SELECT FROM tools_app_toolcall c
                WHERE c.status = 'queued' AND c.queue = named.queue
                  AND c.run_after <= (SELECT clock_timestamp()) - make_interval(secs => %s))
"""


def group(queue: str) -> str:
    """The channel-layer group of the workers of a queue."""
    return f"work.{queue}"


def wake(queue: str) -> Wake:
    """Say after the commit that a queue has work."""
    return Wake(announce, queue, group(queue))


def announce(queue: str) -> None:
    """Say that a queue has work. Raises the broker's error; whoever calls logs it and goes on."""
    crash_points.reach("announce.before")
    # ``send_task`` would make up a message for a task that somebody traces: two thirds of the cost of a hint.
    with current_app.producer_or_acquire() as producer:
        producer.publish(
            _BODY, routing_key=queue, exchange="", headers=_HEADERS, serializer="json",
            retry=True, retry_policy=current_app.conf.task_publish_retry_policy,
        )  # fmt: skip
    crash_points.reach("announce.sent")


def sweep(waited_s: float = ANNOUNCE_AGAIN_S) -> int:
    """Announce queues again whose calls have waited for so many seconds. Returns how many queues."""
    with connection.cursor() as cursor:
        cursor.execute(_OVERDUE, [waited_s])
        queues = [queue for (queue,) in cursor.fetchall()]
    for queue in queues:
        try:
            announce(queue)
        except Exception:
            logger.warning("action=outbox.unreachable queue=%s", queue, exc_info=True)
    return len(queues)
