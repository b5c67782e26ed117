"""A TCP line between a process and a server that a test can freeze or cut."""

from __future__ import annotations

import contextlib
import selectors
import socket
import threading
from dataclasses import dataclass, field

_CHUNK_BYTES = 64 * 1024
_TICK_S = 0.05


@dataclass(eq=False)
class _Pair:
    client: socket.socket
    server: socket.socket
    open: bool = True
    others: dict[socket.socket, socket.socket] = field(init=False)

    def __post_init__(self) -> None:
        self.others = {self.client: self.server, self.server: self.client}

    def close(self) -> None:
        self.open = False
        for end in self.others:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


class Line:
    """Forwards from a port of its own to a server's.

    Frozen, it accepts and reads nothing: the half-open connection that a network leaves behind when it forgets one.
    """

    def __init__(self, port: int) -> None:
        self._to = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._frozen = threading.Event()
        self._ended = threading.Event()
        self._pairs: list[_Pair] = []
        self._thread = threading.Thread(target=self._work, name="line", daemon=True)
        self._thread.start()

    def freeze(self) -> None:
        """From now on nothing gets through, and nobody is told."""
        self._frozen.set()

    def thaw(self) -> None:
        """What was held back gets through."""
        self._frozen.clear()

    def cut(self) -> None:
        """Close what is open; new connections get through."""
        self._frozen.clear()
        for pair in list(self._pairs):
            pair.close()

    def end(self) -> None:
        self._ended.set()
        self._thread.join()
        self.cut()
        self._listener.close()

    def _work(self) -> None:
        self._listener.setblocking(False)
        while not self._ended.is_set():
            if self._frozen.is_set():
                self._ended.wait(_TICK_S)
                continue
            self._pairs = [pair for pair in self._pairs if pair.open]
            with selectors.DefaultSelector() as ready:
                ready.register(self._listener, selectors.EVENT_READ)
                for pair in self._pairs:
                    for end in pair.others:
                        with contextlib.suppress(ValueError):
                            ready.register(end, selectors.EVENT_READ, pair)
                found = ready.select(_TICK_S)
            for key, _ in found:
                if key.data is None:
                    self._accept()
                elif not self._frozen.is_set():
                    self._forward(key.data, key.fileobj)

    def _accept(self) -> None:
        client, _ = self._listener.accept()
        client.setblocking(True)
        try:
            self._pairs.append(_Pair(client, socket.create_connection(("127.0.0.1", self._to), timeout=5)))
        except OSError:
            client.close()

    @staticmethod
    def _forward(pair: _Pair, end: object) -> None:
        assert isinstance(end, socket.socket)
        try:
            data = end.recv(_CHUNK_BYTES)
            if data:
                pair.others[end].sendall(data)
                return
        except OSError:
            pass
        pair.close()
