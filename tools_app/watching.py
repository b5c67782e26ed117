"""What makes observers look: a commit with an interaction that is worth a look says so, in its own write.

One row per session, whatever observes it. The first such commit after a look sets when the next one is due; those after
it only raise ``head``, so a lively session is looked at once in ``conf.OBSERVE_AFTER_S``, not once a turn. Nothing is
sent to anybody: ``observing`` finds what is due.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings

from sessions_app import conf as kernel
from sessions_app.alongside import alongside
from sessions_app.delivery import Statement, Write
from sessions_app.row import SessionRow
from tools_app import conf
from tutor.observers import registry

WATCH = Statement(
    "watch",
    """
INSERT INTO tools_app_observedsession AS o (session_id, head, due_at)
SELECT session_id, head, clock_timestamp() + make_interval(secs => after_s)
  FROM json_to_recordset(%s) AS r(session_id uuid, head bigint, after_s float)
    ON CONFLICT (session_id) DO UPDATE SET head = excluded.head, due_at = least(o.due_at, excluded.due_at)
RETURNING 1""",
)


def observers_of(machine: Any) -> tuple[str, ...]:
    """The names of the observers of a machine's sessions, sorted.

    Those that its course names, or all (``machine.observers`` is None), as far as this deployment has them. A machine
    that says nothing of observers has none.
    """
    wanted: list[str] | None = getattr(machine, "observers", [])
    on: list[str] | None = settings.TUTOR_OBSERVERS_ON
    return tuple(name for name in registry.names() if (wanted is None or name in wanted) and (on is None or name in on))


@alongside
def _(row: SessionRow) -> Sequence[Write]:
    names = observers_of(kernel.machine(row.machine_name, row.machine_args))
    if not names:
        return ()
    triggers = registry.triggers(names)
    due = any(entry.kind in triggers.kinds for entry in row.written) or any(
        row.head // every > row.head_read // every for every in triggers.every
    )
    if not due:
        return ()
    return (Write(WATCH, {"session_id": row.id, "head": row.head, "after_s": conf.OBSERVE_AFTER_S}),)
