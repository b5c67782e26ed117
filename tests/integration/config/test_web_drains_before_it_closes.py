"""The web launcher over a small application of the test's own, in a process of its own."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from config.services.data_folder import CHECKOUT
from config.services.ports import listen

_PROGRAM = """
import asyncio, os, socket, sys
from config.web import serve

sockets = []

async def application(scope, receive, send):
    await receive()
    await send({"type": "websocket.accept"})
    sockets.append(send)
    while (event := await receive())["type"] != "websocket.disconnect":
        await send({"type": "websocket.send", "text": str(len(event["text"]))})
    print("disconnected", event["code"], flush=True)

async def drain():
    if sys.argv[2] == "never":
        await asyncio.Event().wait()
    if sys.argv[2] == "fails":
        raise RuntimeError("no goodbye today")
    for send in sockets:
        await send({"type": "websocket.send", "text": "bye"})
        await send({"type": "websocket.close", "code": 1001, "reason": "draining"})

serve(application, socket.socket(fileno=int(sys.argv[1])), drain)
"""


@contextmanager
def _web(listener: socket.socket, drain: str = "works") -> Iterator[tuple[subprocess.Popen[str], ClientConnection]]:
    with subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(listener.fileno()), drain],
        cwd=CHECKOUT,
        pass_fds=[listener.fileno()],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as server:
        try:
            port = listener.getsockname()[1]
            with connect(f"ws://127.0.0.1:{port}/", open_timeout=20, max_size=None) as client:
                yield server, client
        finally:
            server.kill()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with listen("127.0.0.1", 0, next_free=False) as chosen:
        yield chosen


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_application_says_goodbye_first_and_the_exit_status_is_0(
    listener: socket.socket, number: signal.Signals
) -> None:
    with _web(listener) as (server, client):
        server.send_signal(number)

        assert client.recv(timeout=10) == "bye"
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001
        assert server.wait(10) == 0


def test_a_drain_that_fails_does_not_keep_the_server_from_ending(listener: socket.socket) -> None:
    with _web(listener, drain="fails") as (server, client):
        server.terminate()

        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
        assert server.wait(10) == 0


def test_a_second_signal_cuts_the_drain_short(listener: socket.socket) -> None:
    with _web(listener, drain="never") as (server, client):
        server.terminate()
        with pytest.raises(subprocess.TimeoutExpired):
            server.wait(1)

        server.terminate()
        assert server.wait(5) == 0
        with pytest.raises(ConnectionClosed):
            client.recv(timeout=10)


def test_a_frame_of_a_mebibyte_reaches_the_application_and_a_longer_one_closes_the_socket(
    listener: socket.socket,
) -> None:
    with _web(listener) as (_, client):
        client.send("x" * 1024 * 1024)
        assert client.recv(timeout=10) == str(1024 * 1024)

        client.send("x" * (1024 * 1024 + 1))
        with pytest.raises(ConnectionClosed) as closed:
            client.recv(timeout=10)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1009


def test_a_client_that_comes_while_the_server_restarts_is_served_by_the_next(listener: socket.socket) -> None:
    with _web(listener) as (server, _):
        server.kill()
        server.wait()
        early = socket.create_connection(listener.getsockname())

        with _web(listener):
            early.sendall(
                b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
            )
            early.settimeout(10)
            assert early.recv(4096).startswith(b"HTTP/1.1 101 ")
        early.close()
