"""What can go wrong for a client.

ClientError
├── LoginError      the server gave no token, or does not take the one it got
├── CommandError    the server answered a command with ``err``
└── SessionEndedError      the server closed the view for good: reconnecting would not help
    └── BrokenProtocolError    a strict client found a frame that breaks the protocol
"""

from __future__ import annotations

from typing import Any, Literal

Retry = Literal["never", "same_id", "later", "resync"]


class ClientError(Exception):
    """Base of all errors of the client."""


class LoginError(ClientError):
    """Who asked could not be made sure of; the message says what to do."""


class CommandError(ClientError):
    """An ``err`` reply. It left no trace on the server: the same id may be used again."""

    def __init__(
        self, code: str, message: str, *, retry: str = "never", after_ms: int | None = None, detail: Any = None
    ) -> None:
        super().__init__(f"{message or 'The server refused this.'} ({code})")
        #: One of the protocol's closed list of codes.
        self.code = code
        #: In words a learner can read.
        self.message = message
        #: never, same_id, later or resync.
        self.retry = retry
        self.after_ms = after_ms
        self.detail = detail


class SessionEndedError(ClientError):
    """The view is closed and will not be opened again. ``code`` is the WebSocket's close code (or HTTP status)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{reason or 'The server ended this view.'} ({code})")
        self.code = code
        self.reason = reason


class BrokenProtocolError(SessionEndedError):
    """The server sent what the protocol does not allow; the message is the sentence that was broken, and the frame."""

    def __init__(self, reason: str) -> None:
        super().__init__(1002, reason)
