"""The SQL of one turn, read back from Postgres' own log."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_ENTRY = re.compile(r"LOG:  duration: ([\d.]+) ms(?:  (parse|bind|execute|statement)(?: [^:]*)?: (.*))?")
_NEW_LINE = re.compile(r"^\d{4}-\d\d-\d\d ")
_LITERAL = re.compile(r"'(?:[^']|'')*'|\$\d+|(?<![\w.])\d+\b")
_LIST = re.compile(r"\?(?:::[\w\[\]]+)?(?:, ?\?(?:::[\w\[\]]+)?)+")
_ROWS = re.compile(r"(\(…\))(?:, ?\(…\))+")


@dataclass(slots=True)
class Statement:
    """All executions of one statement, literals aside; the time includes its parse and bind."""

    text: str
    executions: int = 0
    total_ms: float = 0.0


def read(log: Path, offset: int) -> list[Statement]:
    """The statements logged after byte ``offset``, the dearest first."""
    found: dict[str, Statement] = {}
    with log.open(errors="replace") as lines:
        lines.seek(offset)
        for milliseconds, phase, text in _entries(lines):
            normal = _normal(text)
            statement = found.setdefault(normal, Statement(normal))
            statement.total_ms += milliseconds
            statement.executions += phase in {"execute", "statement"}
    return sorted(found.values(), key=lambda statement: -statement.total_ms)


def _entries(lines: Iterable[str]) -> Iterator[tuple[float, str, str]]:
    entry: tuple[float, str, str] | None = None
    for line in lines:
        if not _NEW_LINE.match(line):
            if entry is not None:
                entry = (entry[0], entry[1], entry[2] + line)
            continue
        if entry is not None:
            yield entry
        match = _ENTRY.search(line)
        entry = (float(match[1]), match[2], match[3]) if match and match[2] else None
    if entry is not None:
        yield entry


def _normal(text: str) -> str:
    text = " ".join(_LITERAL.sub("?", text).split())
    return _ROWS.sub(r"\1 × n", _LIST.sub("…", text))
