"""``python -m config.services NAME DATA_FOLDER``: the process that runs one embedded service while it is needed.

1. Take the keeper's lock: whoever finds it taken knows that the service is being looked after.
2. Start the server, write the record others read its address from, say ``ready`` on standard output.
3. While anybody shares the holders' lock, start the server again if it dies.
4. Nobody holds it any more (or SIGTERM came, or the data folder was removed): stop the server and end.

If the keeper itself is killed, the kernel stops the server (``parent_death.py``); the next command starts both.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Protocol

from config.services.data_folder import DataFolder
from config.services.exceptions import ServiceError
from config.services.locks import FileLock
from config.services.postgres import PostgresServer
from config.services.valkey import ValkeyServer

#: How soon the service stops after its last holder went away, and how soon a dead server is noticed.
LOOK_S = 0.1
#: Pauses between attempts to start a server that died: from, to.
RESTART_PAUSE_S = (0.1, 10.0)


class EmbeddedServer(Protocol):
    @property
    def url(self) -> str: ...
    @property
    def port(self) -> int: ...
    @property
    def pid(self) -> int: ...
    @property
    def note(self) -> str: ...
    def start(self, port: int | None = None) -> None: ...
    def is_alive(self) -> bool: ...
    def stop(self) -> None: ...


SERVERS: dict[str, type[PostgresServer] | type[ValkeyServer]] = {
    PostgresServer.name: PostgresServer,
    ValkeyServer.name: ValkeyServer,
}


def keeper_lock(data: DataFolder, name: str) -> Path:
    return data.run / f"{name}.keeper"


def holders_lock(data: DataFolder, name: str) -> Path:
    return data.run / f"{name}.holders"


class Keeper:
    def __init__(self, name: str, data: DataFolder) -> None:
        self._name = name
        self._data = data
        self._own = FileLock(keeper_lock(data, name))
        self._holders = FileLock(holders_lock(data, name))
        self._told_to_stop = False

    def run(self) -> int:
        for stop_signal in (signal.SIGTERM, signal.SIGINT):
            signal.signal(stop_signal, self._stop_later)
        self._own.take()
        server: EmbeddedServer | None = None
        try:
            server = SERVERS[self._name](self._data)
            self._start(server)
        except (ServiceError, OSError) as error:
            _report({"error": str(error)})
            return 1
        _report({"ready": True})
        try:
            self._keep(server)
        finally:
            server.stop()
            # In this order: who gets a share of the holders' lock must not find a keeper that is about to end.
            self._own.close()
            self._holders.close()
        return 0

    def _keep(self, server: EmbeddedServer) -> None:
        while not self._is_over():
            if not server.is_alive():
                self._start_again(server)
            time.sleep(LOOK_S)

    def _is_over(self) -> bool:
        return self._told_to_stop or self._holders.file_is_gone() or self._holders.try_take()

    def _start(self, server: EmbeddedServer) -> None:
        # The port of last time, if free: who has the old address finds the new server.
        before = self._data.read_record(self._name) or {}
        server.start(before.get("port"))
        self._data.write_record(
            self._name,
            {"url": server.url, "port": server.port, "pid": server.pid, "keeper": os.getpid(), "note": server.note},
        )

    def _start_again(self, server: EmbeddedServer) -> None:
        pause, longest = RESTART_PAUSE_S
        _log(f"{self._name} ended by itself; starting it again")
        while not self._is_over():
            server.stop()
            try:
                self._start(server)
            except (ServiceError, OSError) as error:
                _log(str(error))
                time.sleep(pause)
                pause = min(2 * pause, longest)
            else:
                return

    def _stop_later(self, _number: int, _frame: FrameType | None) -> None:
        self._told_to_stop = True


def _report(answer: dict[str, object]) -> None:
    """Tell who started us, then let go of its pipe."""
    with contextlib.suppress(BrokenPipeError):
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
    os.close(nothing)


def _log(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
    sys.stderr.flush()
