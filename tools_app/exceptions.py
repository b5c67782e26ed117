"""How a tool can fail, as a small tree.

ToolError
├── BadArguments       the arguments do not fit the tool's signature: never retried
├── BadOutput          the result does not fit what the tool promised
├── Overloaded         429 or the like: wait ``retry_after_s``, then again
├── ContextTooLong     the model does not take so much: shorten the history, then again
├── Unreachable        connection error, time-out or 5xx: again with back-off
│   └── CircuitOpen        it was unreachable too often just now: not even asked
├── ContextTooLong     the messages are longer than the model takes
├── OverBudget         the session has used up what it may use of a model
├── Refused            no valid scope for this call: never retried
├── Misconfigured      bad credentials or settings: not retried, the offline tool answers
└── ChildDied          the process that ran it was killed, or ended, before it answered
ToolCrashed            a tool in a child process raised something else: a bug
UnknownTool            no tool of that name is registered
"""

from __future__ import annotations


class ToolError(Exception):
    """A tool failed in a way it knows."""


class BadArguments(ToolError):
    """The arguments do not fit the tool's signature."""


class BadOutput(ToolError):
    """The result is not what the tool promised."""


class Overloaded(ToolError):
    """The service is overloaded; try again after ``retry_after_s`` seconds, where it said so."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Unreachable(ToolError):
    """The service does not answer, or answers with an error of its own."""


class CircuitOpen(Unreachable):
    """The service was unreachable too often just now; it is left alone for a while."""


class ContextTooLong(ToolError):
    """The messages are longer than the model takes; a shorter history may fit."""


class OverBudget(ToolError):
    """The session has used up its tokens; the offline tool goes on."""


class Refused(ToolError):
    """The call has no valid scope."""


class Misconfigured(ToolError):
    """Credentials or settings are wrong; an operator must correct them."""


class ChildDied(ToolError):
    """The child process that ran the tool died: killed by somebody, out of memory or of CPU time."""


class ToolCrashed(Exception):
    """A tool in a child process raised an exception of its own; the message has its name."""


class UnknownTool(Exception):
    """No tool of that name is registered; import its module in ``tools_app.tools`` or your app's ``ready``."""
