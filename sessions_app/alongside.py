"""What other apps write along with a commit, whatever it is about: open dispatch, for the kernel knows none of them.

    @alongside
    def _(row: SessionRow) -> Sequence[Write]: ...

Each is asked once for every session that a commit writes interactions of, in its hot path: a look at ``row.written``
and nothing slow. One that raises is logged and passed over; a session does not suffer for somebody else's bug.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from sessions_app.delivery import Write
from sessions_app.row import SessionRow

logger = logging.getLogger(__name__)

Writer = Callable[[SessionRow], Sequence[Write]]
_writers: list[Writer] = []


def alongside(writer: Writer) -> Writer:
    """Register a writer."""
    if writer not in _writers:
        _writers.append(writer)
    return writer


def writes(row: SessionRow) -> list[Write]:
    """The rows that go with this session's interactions."""
    found: list[Write] = []
    for writer in _writers:
        try:
            found += writer(row)
        except Exception:
            logger.exception("action=alongside.failed session=%s", row.id)
    return found
