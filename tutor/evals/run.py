"""Runs evaluations: many tasks at once, each kept as soon as it is done, the result the same in any order of ending."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import IO

import msgspec

from tutor.evals.case import Result
from tutor.evals.exceptions import EvaluationError
from tutor.evals.judges.llm import digest
from tutor.evals.lessons.transcript import Line


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One evaluated case, as reports show it."""

    id: str
    suite: str
    #: What was asked and answered, or the lines of a whole lesson.
    lines: list[Line]
    results: list[Result]
    #: What it can be grouped by: course, attack, place, format, learner.
    labels: dict[str, str] = {}
    #: Of the model that made the output, where one did; its cost where its prices are known.
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None

    @property
    def passed(self) -> bool:
        return all(result.passed for result in self.results)


class Task(msgspec.Struct, frozen=True):
    """Something to evaluate. ``run`` may take long and may raise; ids are unique within a run."""

    id: str
    suite: str
    run: Callable[[], Entry]


Progress = Callable[[Entry], None]


class Journal:
    """Entries on disk, one line each, so that a run that was stopped goes on where it was.

    A journal belongs to exactly one list of tasks: with other tasks it begins anew.
    """

    def __init__(self, path: Path, tasks: Sequence[Task], options: object = None) -> None:
        self._path = path
        self._run = digest([[task.id for task in tasks], options])
        self._file: IO[bytes] | None = None
        self.entries = self._read()

    def __enter__(self) -> Journal:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        lines = [msgspec.json.encode({"run": self._run}), *map(msgspec.json.encode, self.entries.values())]
        # Written anew: a line that a kill has cut off must not stand in the middle.
        partial = self._path.with_suffix(".part")
        partial.write_bytes(b"".join(line + b"\n" for line in lines))
        os.replace(partial, self._path)
        self._file = self._path.open("ab")
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is not None:
            self._file.close()

    def keep(self, entry: Entry) -> None:
        """Keep an entry. It survives a kill of this process from here on."""
        if self._file is None:
            raise EvaluationError("the journal is not open; use it in a with statement")
        self._file.write(msgspec.json.encode(entry) + b"\n")
        self._file.flush()

    def _read(self) -> dict[str, Entry]:
        try:
            header, *lines = self._path.read_bytes().split(b"\n")
            if msgspec.json.decode(header) != {"run": self._run}:
                return {}
        except (FileNotFoundError, msgspec.DecodeError):
            return {}
        entries: dict[str, Entry] = {}
        for line in lines:
            try:
                entry = msgspec.json.decode(line, type=Entry)
            except msgspec.DecodeError:
                continue  # the line that was being written when the run was killed
            entries[entry.id] = entry
        return entries


def run(
    tasks: Sequence[Task],
    *,
    concurrency: int = 1,
    journal: Journal | None = None,
    progress: Progress = lambda _entry: None,
) -> list[Entry]:
    """Every task's entry, in the order of the tasks. A task that raises is an entry with an error."""
    kept = dict(journal.entries) if journal is not None else {}
    for entry in kept.values():
        progress(entry)
    waiting = [task for task in tasks if task.id not in kept]
    with ThreadPoolExecutor(max_workers=max(1, concurrency)) as threads:
        running = [threads.submit(_entry, task) for task in waiting]
        try:
            for done in as_completed(running):
                entry = done.result()
                kept[entry.id] = entry
                if journal is not None:
                    journal.keep(entry)
                progress(entry)
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)  # Ctrl-C: what is done is kept, the rest is not begun
            raise
    return [kept[task.id] for task in tasks]


def _entry(task: Task) -> Entry:
    try:
        return task.run()
    except Exception as error:
        failed = Result(metric="completed", status="error", reason=f"{type(error).__name__}: {error}")
        return Entry(id=task.id, suite=task.suite, lines=[], results=[failed])
