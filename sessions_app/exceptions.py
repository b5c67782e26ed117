"""What can go wrong with a session, as a small tree; the message says what to do.

SessionError
├── CommandError          a client's command was not accepted; carries the protocol's error code
│   └── (built by the functions below, one per code)
├── InsideTransaction     a delivery was attempted inside a database transaction
├── UnknownSession        no such session
├── NoSession             a call or cast to a session that is not there, or closed (OTP: noproc)
├── SessionExited         the session ended or crashed instead of replying to a call
├── CallTimeout           no reply in time
│   └── AmbiguousSession      several sessions fit what was given
├── FenceFirst            the text of a turn that is cut short has to be fenced first (never leaves the server)
├── ControlRefused        an operator's control was not carried out; nothing has changed
│   ├── AlreadySuspended      suspend of a suspended session
│   ├── NotSuspended          resume of a running one
│   ├── AlreadyRequested      a tool was asked to work for the session while it does
│   ├── ClosedSession         any control of a closed one
│   ├── UnknownState          replace_state with a state that the machine does not have
│   └── UnloadableData        replace_state with data that the machine cannot load
├── NotErasable           a session or a learner cannot be erased as things are; the message says what to do first
├── UnloadableSession     the machine cannot load the data of the session; replace_state mends it
├── UnknownMachine        the session names a machine that settings do not
├── StaleWrite            a compare-and-set found another value: the session is tried again alone
└── LogDiverged           a log does not fold to its row, or its hash chain is broken

MoreToRead                what is played on an event loop needs a thread that can read (never leaves the server)
"""

from __future__ import annotations

from typing import Any, Literal

Code = Literal[
    "bad_frame",
    "bad_request",
    "unknown_command",
    "not_found",
    "forbidden",
    "read_only",
    "busy",
    "queue_full",
    "stale",
    "id_reused",
    "invalid_transition",
    "no_such_turn",
    "too_large",
    "rate_limited",
    "over_budget",
    "draining",
    "unavailable",
    "internal",
]
Retry = Literal["never", "same_id", "later", "resync"]

#: What a client should do about each code, unless said otherwise.
DEFAULT_RETRY: dict[Code, Retry] = {
    "busy": "later",
    "queue_full": "later",
    "stale": "resync",
    "rate_limited": "later",
    "draining": "same_id",
    "unavailable": "same_id",
    "internal": "same_id",
}

#: Its status over HTTP.
STATUS: dict[Code, int] = {
    "bad_frame": 400,
    "bad_request": 400,
    "unknown_command": 400,
    "forbidden": 403,
    "read_only": 403,
    "not_found": 404,
    "busy": 409,
    "stale": 409,
    "id_reused": 409,
    "invalid_transition": 409,
    "no_such_turn": 409,
    "too_large": 413,
    "rate_limited": 429,
    "over_budget": 429,
    "queue_full": 429,
    "draining": 503,
    "unavailable": 503,
    "internal": 500,
}


class SessionError(Exception):
    """Base of all errors of sessions."""


class CommandError(SessionError):
    """A command was not accepted. It left no trace: its id may be used again."""

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        retry: Retry | None = None,
        after_ms: int | None = None,
        detail: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.retry: Retry = retry or DEFAULT_RETRY.get(code, "never")
        self.after_ms = after_ms
        self.detail = detail or {}


class InsideTransaction(SessionError):
    """A delivery inside a transaction: accepted would not mean committed. Leave the transaction first."""


class UnknownSession(SessionError):
    """There is no such session."""


class NoSession(SessionError):
    """There is no live session to call; start one first."""


class SessionExited(SessionError):
    """The session ended, or the event crashed, before it replied. The message is the reason."""


class CallTimeout(SessionError):
    """No reply in time. The session was not told; its late reply stays in the log."""


class AmbiguousSession(UnknownSession):
    """What was given fits several sessions; give more of the id."""


class FenceFirst(SessionError):
    """A turn is about to be cut short: its text has to be fenced before, without the lock. The server does, and plays
    the event again."""

    def __init__(self, turn: str) -> None:
        super().__init__(turn)
        self.turn = turn


class ControlRefused(SessionError):
    """An operator's control was not carried out; nothing has changed."""


class AlreadySuspended(ControlRefused):
    """The session is suspended already."""


class NotSuspended(ControlRefused):
    """The session is running."""


class AlreadyRequested(ControlRefused):
    """That tool is at work for the session already."""


class ClosedSession(ControlRefused):
    """The session is closed."""


class UnknownState(ControlRefused):
    """The machine has no such state."""


class UnloadableData(ControlRefused):
    """The machine cannot load this data."""


class NotErasable(SessionError):
    """Nothing was erased; the message says what to do first."""


class UnloadableSession(SessionError):
    """The machine cannot load the session's data: nothing is handled until an operator has put other data in place."""


class UnknownMachine(SessionError):
    """The session's machine is not named in settings.TUTOR_MACHINES."""


class MoreToRead(BaseException):
    """What is played on an event loop needs more of the database: a thread has to play it (never leaves the server).

    No ``Exception``: where a crash is handled, this is none.
    """


class StaleWrite(SessionError):
    """A row changed under a compare-and-set; the event is decided again on what is there now."""


class LogDiverged(SessionError):
    """A log does not fold to its row, or its hash chain is broken."""
