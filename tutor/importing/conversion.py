"""An import from its beginning to a course folder: every item built, written down, and put into its topic."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import msgspec

from tutor import course as content
from tutor.course_export import files as exported
from tutor.importing.building import Outcome, build
from tutor.importing.item import Item, Refused, Unreadable
from tutor.importing.journal import Journal

#: Raised when an import of the same source would give other questions: an unfinished one then begins again.
VERSION = 1

Report = Callable[[Outcome], None]


class Reader(Protocol):
    """A source of items. Iterating twice gives the same items in the same order."""

    @property
    def title(self) -> str: ...

    @property
    def lang(self) -> str: ...

    def items(self) -> Iterator[Item | Unreadable]: ...


@dataclass(frozen=True)
class Target:
    """What the new course is called, and whose it is."""

    id: str
    title: str
    lang: str = "en"
    licence: str = ""
    source: str = ""


def outcomes(items: Iterable[Item | Unreadable], done: Iterable[str] = ()) -> Iterator[Outcome]:
    """What becomes of each item; those whose key is ``done`` are left out, their ids stay taken."""
    known = set(done)
    ids: Counter[str] = Counter()
    for item in items:
        number = ids[_id(item.key)]
        ids[_id(item.key)] += 1
        if item.key in known:
            continue
        if isinstance(item, Unreadable):
            yield Outcome(key=item.key, place=item.place, outcome="refused", why=[item.why])
        else:
            yield build(item, _id(item.key) + (f".{number + 1}" if number else ""))


def convert(reader: Reader, target: Target, folder: Path, header: dict[str, Any], report: Report) -> content.Course:
    """Write the course into ``folder`` and return it. ``report`` is called with each outcome, old ones included.

    Raises ``Refused`` where no item became a question.
    """
    header = {**header, "version": VERSION, "target": msgspec.to_builtins(target)}
    with Journal(folder, header) as journal:
        for outcome in journal.outcomes:
            report(outcome)
        for outcome in outcomes(reader.items(), [outcome.key for outcome in journal.outcomes]):
            journal.add(outcome)
            report(outcome)
    course = assembled(target, journal.outcomes)
    pictures = {path: data for outcome in journal.outcomes for path, data in outcome.files.items()}
    texts = exported(course)
    for path, data in pictures.items():
        _write(folder / path, data)
    # The course's own file last: where it is, everything it names is there.
    for name, text in sorted(texts.items(), key=lambda named: named[0] == "course.yaml"):
        _write(folder / name, text.encode())
    return course


def assembled(target: Target, found: Iterable[Outcome]) -> content.Course:
    """The course that these outcomes make. Raises ``Refused`` where there is no question among them."""
    topics: dict[str, dict[str, Any]] = {}
    skills: dict[str, str] = {}
    for outcome in found:
        if outcome.question is None or outcome.topic is None:
            continue
        key, title = outcome.topic
        topic = topics.setdefault(key, {"id": key, "title": title, "skills": [], "questions": []})
        topic["questions"].append(outcome.question)
        for skill, name in outcome.skills:
            skills.setdefault(skill, name)
            if skill not in topic["skills"]:
                topic["skills"].append(skill)
    if not topics:
        raise Refused("nothing in it became a question")
    return msgspec.convert(
        {
            "course": msgspec.to_builtins(target),
            "skills": [{"id": key, "name": name} for key, name in skills.items()],
            "topics": list(topics.values()),
        },
        content.Course,
    )


def _id(key: str) -> str:
    plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", key).strip("-._")
    return plain[:56] or "question"


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.new")
    unfinished.write_bytes(data)
    os.replace(unfinished, path)
