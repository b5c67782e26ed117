"""Holding embedded services: they run while somebody holds them."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from config.services.data_folder import CHECKOUT, DataFolder
from config.services.exceptions import StartError
from config.services.keeper import holders_lock, keeper_lock
from config.services.locks import FileLock, is_taken
from config.services.server_log import last_lines

#: Environment variable that names a real server -> the service embedded in its absence.
SERVICE_OF_VARIABLE = {"DATABASE_URL": "postgres", "REDIS_URL": "valkey"}
#: The last holder waits this long to see the service end.
LEAVE_LIMIT_S = 45.0


class Hold:
    """One process's share in one service."""

    def __init__(self, data: DataFolder, name: str) -> None:
        self._data = data
        self._name = name
        self._holders: FileLock | None = None
        self._starting: FileLock | None = None
        self._keeper: subprocess.Popen[bytes] | None = None
        self.record: dict[str, Any] = {}

    def begin(self) -> None:
        """Share the service and, if nobody looks after it, start its keeper; ``finish`` waits for it."""
        if self._holders is None:
            self._holders = FileLock(holders_lock(self._data, self._name))
            self._holders.share()
        # Held until `finish`: only one process starts the service, the others wait and find it running.
        self._starting = FileLock(self._data.run / f"{self._name}.starting")
        self._starting.take()
        if is_taken(keeper_lock(self._data, self._name)):
            return
        self._reap()
        with self._log.open("ab") as log:
            self._keeper = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", "config.services", self._name, str(self._data.path)],
                cwd=CHECKOUT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                # A Ctrl-C in the terminal is for us; the keeper ends when nobody holds the service.
                start_new_session=True,
            )

    def finish(self) -> None:
        """Raises ``StartError`` with the keeper's account."""
        try:
            if self._keeper is not None and self._keeper.stdout is not None and not self._keeper.stdout.closed:
                with self._keeper.stdout as pipe:
                    line = pipe.readline()
                answer = json.loads(line) if line else {"error": last_lines(self._log)}
                if "error" in answer:
                    raise StartError(answer["error"])
            self.record = self._data.read_record(self._name) or {}
        finally:
            if self._starting is not None:
                self._starting.close()
                self._starting = None

    def release(self) -> None:
        """Give the share back; the last one waits until the service has ended."""
        if self._starting is not None:
            self._starting.close()
            self._starting = None
        if self._holders is None:
            return
        self._holders.give_back()
        deadline = time.monotonic() + LEAVE_LIMIT_S
        while is_taken(keeper_lock(self._data, self._name)) and time.monotonic() < deadline:
            # A share can be had, so the keeper is not stopping; the whole lock cannot, so others hold the service.
            if self._holders.try_share() and not self._holders.try_take():
                break
            self._holders.give_back()
            self._reap()
            time.sleep(0.03)
        self._holders.close()
        self._holders = None
        self._reap()

    @property
    def _log(self) -> Path:
        return self._data.logs / "keepers.log"

    def _reap(self) -> None:
        if self._keeper is None:
            return
        if is_taken(keeper_lock(self._data, self._name)):
            self._keeper.poll()
        else:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._keeper.wait(1)


class EmbeddedServices:
    """The services that the environment does not name, for the duration of a ``with`` block."""

    def __init__(self, data: DataFolder, variables: Iterable[str] = tuple(SERVICE_OF_VARIABLE)) -> None:
        self.data = data
        self._holds = {variable: Hold(data, SERVICE_OF_VARIABLE[variable]) for variable in variables}

    @classmethod
    def missing_from(cls, environment: Mapping[str, str], data: DataFolder) -> EmbeddedServices:
        return cls(data, [variable for variable in SERVICE_OF_VARIABLE if not environment.get(variable)])

    def __enter__(self) -> Self:
        try:
            self._up()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, _type: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for hold in self._holds.values():
            hold.release()

    @property
    def urls(self) -> dict[str, str]:
        """Environment variable -> address."""
        return {variable: str(hold.record["url"]) for variable, hold in self._holds.items()}

    @property
    def notes(self) -> list[str]:
        """What an operator should know, such as data kept in an unusual place."""
        return [hold.record["note"] for hold in self._holds.values() if hold.record.get("note")]

    def keep_up(self) -> bool:
        """Start again what ended although we hold it; True when an address changed by that."""
        before = self.urls
        self._up()
        return self.urls != before

    def _up(self) -> None:
        for hold in self._holds.values():
            hold.begin()
        for hold in self._holds.values():
            hold.finish()
