"""Judgements by the digest of their request, in memory and, if a folder is given, on disk."""

from __future__ import annotations

import contextlib
import os
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec

from tutor.evals.case import Judgement


class JudgementCache:
    """Thread-safe. A file is written whole or not at all, so that a killed run leaves no half judgement."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder
        self._kept: dict[str, Judgement] = {}
        self._locks: dict[str, threading.Lock] = {}
        self._guard = threading.Lock()

    @contextlib.contextmanager
    def holding(self, key: str) -> Iterator[Judgement | None]:
        """The judgement of this key, if there is one. Others who ask for the same key wait meanwhile."""
        with self._guard:
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            yield self._kept.get(key) or self._read(key)

    def keep(self, key: str, judgement: Judgement) -> None:
        """Keep a judgement that was made. Failures are never kept."""
        self._kept[key] = judgement
        if self._folder is None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("wb", dir=self._folder, suffix=".part", delete=False) as file:
            file.write(msgspec.json.encode(judgement))
        os.replace(file.name, self._path(self._folder, key))

    def _read(self, key: str) -> Judgement | None:
        if self._folder is None:
            return None
        try:
            return msgspec.json.decode(self._path(self._folder, key).read_bytes(), type=Judgement)
        except (FileNotFoundError, msgspec.DecodeError):
            return None

    @staticmethod
    def _path(folder: Path, key: str) -> Path:
        return folder / f"{key}.json"
