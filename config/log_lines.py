"""How a line of the process's own log is written: without what could tell who a learner is.

Errors quote what they could not handle, and that may be what somebody wrote (tutoring §5: nothing of it in logs).
"""

from __future__ import annotations

import logging

from tutor.redaction import redacted

#: Addresses of endpoints are what an operator looks for.
KEPT = frozenset({"[link]"})


class Line(logging.Formatter):
    """A line, its traceback included, redacted."""

    def format(self, record: logging.LogRecord) -> str:
        # "error=+49 171 …": in a formula the sign belongs to a number, in a line of a log it does not.
        return redacted(super().format(record).replace("=+", "= +"), keep=KEPT)
