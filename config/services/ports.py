"""Choosing TCP ports."""

from __future__ import annotations

import socket

#: How many ports after a taken one are tried.
PORTS_TRIED = 100


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port(preferred: int | None = None) -> int:
    """A free loopback port: the preferred one, else any."""
    if preferred and is_free(preferred):
        return preferred
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listen(host: str, port: int, *, next_free: bool) -> socket.socket:
    """A listening socket on the port or, where ``next_free``, on the first free one after it.

    Raises ``OSError`` when there is none.
    """
    last = port + PORTS_TRIED if next_free and port else port
    while True:
        listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen(2048)
        except OSError:
            listener.close()
            if port >= min(last, 65535):
                raise
            port += 1
        else:
            return listener
