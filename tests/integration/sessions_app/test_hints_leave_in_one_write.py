"""Hints are told from any thread, without waiting, to whoever listens through the channel layer."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from config.services.ports import free_port
from sessions_app.hint_layer import HintLayer, hint_layer
from sessions_app.hint_socket import HintSocket, packed

#: Nothing here waits so long unless it is lost.
PATIENCE_S = 30


@pytest.fixture(autouse=True)
def _hang_up() -> Iterator[None]:
    yield
    hint_layer().hang_up()


async def heard(layer: HintLayer, groups: list[str], tell: Any) -> list[dict[str, Any]]:
    """What comes through the channel layer to a listener of the groups, one message for each."""
    channel = await layer.new_channel()
    for group in groups:
        await layer.group_add(group, channel)
    await asyncio.to_thread(tell)
    try:
        async with asyncio.timeout(PATIENCE_S):
            return [await layer.receive(channel) for _ in groups]
    finally:
        await layer.flush()


def test_messages_to_several_groups_arrive_in_order_whoever_tells_them() -> None:
    messages = [("hints.a", {"type": "look", "n": 1}), ("hints.b", {"type": "look", "n": 2})]

    found = asyncio.run(heard(hint_layer(), ["hints.a", "hints.b"], lambda: hint_layer().tell(messages)))

    assert found == [message for _, message in messages]


def test_a_connection_that_was_cut_is_made_again_and_carries_what_waited() -> None:
    layer = hint_layer()
    told = ("hints.cut", {"type": "look"})
    assert asyncio.run(heard(layer, ["hints.cut"], lambda: layer.tell([told])))

    def cut_and_tell() -> None:
        layer.hang_up()
        layer.tell([told])

    assert asyncio.run(heard(layer, ["hints.cut"], cut_and_tell)) == [told[1]]


def test_a_redis_that_is_away_costs_a_committing_thread_no_time_and_no_error() -> None:
    socket = HintSocket({"address": f"redis://127.0.0.1:{free_port()}"})
    began = time.monotonic()
    for _ in range(1_000):
        socket.send(packed("nobody", b"hears"))
    socket.close()

    assert time.monotonic() - began < PATIENCE_S
    assert not [thread for thread in threading.enumerate() if thread.name == "hints-connect"]


def test_a_server_that_hangs_up_is_noticed_before_the_next_hint_is_written() -> None:
    async def served() -> list[bytes]:
        connections: list[bytes] = []
        done = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            # Answers whatever is asked before the first PUBLISH, then hangs up.
            got = b""
            while b"PUBLISH" not in got and (more := await reader.read(65_536)):
                got += more
                if b"PUBLISH" not in got and b"REPLY" not in got:
                    writer.write(b"+OK\r\n" * more.count(b"*"))
            connections.append(got)
            writer.close()
            if len(connections) == 2:
                done.set()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        socket = HintSocket({"address": f"redis://127.0.0.1:{port}?protocol=2"})
        await asyncio.to_thread(socket.send, packed("first", b"1"))
        async with asyncio.timeout(PATIENCE_S):
            while len(connections) < 2:
                await asyncio.sleep(0.05)
                if connections:
                    await asyncio.to_thread(socket.send, packed("second", b"2"))
        await asyncio.to_thread(socket.close)
        server.close()
        return connections

    first, second, *_ = asyncio.run(served())

    assert b"first" in first
    assert b"second" in second
