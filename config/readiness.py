"""Asking the web server whether a lesson can be taken, without waiting for its answer."""

from __future__ import annotations

import contextlib
import socket
import time

PATH = "/api/readyz"
#: Between a "not yet" and the next question.
PAUSE_S = 0.2
#: A question without an answer is asked again.
ANSWER_LIMIT_S = 5.0


class ReadinessProbe:
    """One question at a time over a plain socket; ``is_ready`` never blocks."""

    def __init__(self, host: str, port: int, *, host_header: str) -> None:
        self._address = (host, port)
        self._question = f"GET {PATH} HTTP/1.1\r\nHost: {host_header}\r\nConnection: close\r\n\r\n".encode()
        self._connection: socket.socket | None = None
        self._answer = b""
        self._ask_at = 0.0
        self._deadline = 0.0
        #: The last status line, for messages.
        self.last_answer = "no answer"

    def is_ready(self) -> bool:
        now = time.monotonic()
        if self._connection is None:
            if now >= self._ask_at:
                self._ask(now)
            return False
        with contextlib.suppress(BlockingIOError):
            try:
                part = self._connection.recv(4096)
            except ConnectionError:
                part = b""
            self._answer += part
            if not part:
                return self._hear(now)
        if now > self._deadline:
            self._hang_up(now)
        return False

    def close(self) -> None:
        self._hang_up(time.monotonic())

    def _ask(self, now: float) -> None:
        self._ask_at = now + PAUSE_S
        with contextlib.suppress(OSError):
            connection = socket.create_connection(self._address, timeout=1)
            connection.sendall(self._question)
            connection.setblocking(False)
            self._connection = connection
            self._answer = b""
            self._deadline = now + ANSWER_LIMIT_S

    def _hear(self, now: float) -> bool:
        status = self._answer.split(b"\r\n", 1)[0].decode(errors="replace")
        body = self._answer.partition(b"\r\n\r\n")[2][:300].decode(errors="replace")
        self._hang_up(now)
        if status:
            self.last_answer = f"{status} {body}".strip()
        return status.split(" ")[1:2] == ["200"]

    def _hang_up(self, now: float) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._ask_at = now + PAUSE_S
