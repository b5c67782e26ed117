"""A real Erlang VM that plays programs: ``driver.erl`` behind a pipe."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.otp.program import Program


class ErlangMissingError(RuntimeError):
    """``erl`` and ``erlc`` are not installed."""


def encode(term: Any) -> bytes:
    """Erlang's external term format, as far as JSON needs it: text and null become atoms."""
    out = bytearray(b"\x83")
    _encode(term, out)
    return bytes(out)


def _encode(term: Any, out: bytearray) -> None:
    if isinstance(term, list):
        if term:
            out += struct.pack(">BI", 108, len(term))
            for item in term:
                _encode(item, out)
        out.append(106)
    elif isinstance(term, str | bool | None):
        name = term.encode() if isinstance(term, str) else {True: b"true", False: b"false", None: b"null"}[term]
        out += bytes((119, len(name))) + name
    elif isinstance(term, int):
        out += struct.pack(">Bi", 98, term)
    else:
        raise TypeError(f"{term!r} has no place in a program")


class Vm:
    """One Erlang VM. ``send`` a batch, do something else, ``receive`` its traces."""

    def __init__(self) -> None:
        if not shutil.which("erl") or not shutil.which("erlc"):
            raise ErlangMissingError("erl and erlc are not installed; on Debian: apt-get install erlang-base")
        self._folder = tempfile.TemporaryDirectory()
        driver = Path(__file__).with_name("driver.erl")
        subprocess.run(["erlc", "-o", self._folder.name, str(driver)], check=True)
        self._erl = subprocess.Popen(
            ["erl", "-noinput", "+S", "1", "-pa", self._folder.name, "-s", "driver", "main"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "ERL_CRASH_DUMP_SECONDS": "0"},  # no dump file where the tests happen to run
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def send(self, programs: Sequence[Program]) -> None:
        assert self._erl.stdin
        batch = encode(list(programs))
        self._erl.stdin.write(struct.pack(">I", len(batch)) + batch)
        self._erl.stdin.flush()

    def receive(self) -> list[list[str]]:
        """The traces of the oldest batch sent and not yet received."""
        (length,) = struct.unpack(">I", self._read(4))
        return [line.split(";") for line in self._read(length).decode().split("\n")]

    def play(self, programs: Sequence[Program]) -> list[list[str]]:
        self.send(programs)
        return self.receive()

    def close(self) -> None:
        """The VM ends when its input does."""
        assert self._erl.stdin
        assert self._erl.stdout
        self._erl.stdin.close()
        self._erl.wait(timeout=30)
        self._erl.stdout.close()
        self._folder.cleanup()

    def _read(self, length: int) -> bytes:
        assert self._erl.stdout
        data = self._erl.stdout.read(length)
        if len(data) < length:
            raise RuntimeError("the Erlang VM ended in the middle of an answer")
        return data
