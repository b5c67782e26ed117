"""How a course is written: one YAML file in one folder, read into ``course.Course``; errors name file and line.

Every scalar is read as text and becomes a number or a truth value only where the course's types ask for one, so that an
answer ``7``, an option ``no`` and a key ``on`` mean what they say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import yaml

from tutor import course as content

#: In bytes and in YAML nodes: a course is text a person wrote.
MAX_FILE = 5_000_000
MAX_NODES = 300_000
FILE_NAME = "course.yaml"

#: Where something stands in a course: ``("topics", 0, "questions", 3)``.
Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Finding:
    """Something an author has to correct, and where."""

    file: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}"


class CourseFormatError(ValueError):
    """The file is not a course; ``findings`` say why, each with file and line."""

    def __init__(self, *findings: Finding) -> None:
        super().__init__("\n".join(str(finding) for finding in findings))
        self.findings = list(findings)


@dataclass(frozen=True)
class CourseSource:
    """A course as read, and where each part of it stands."""

    path: Path
    course: content.Course
    lines: dict[Place, int]

    def finding(self, place: Place, message: str) -> Finding:
        """A finding at ``place``, or at the nearest part around it that has a line."""
        while place and place not in self.lines:
            place = place[:-1]
        return Finding(file=str(self.path), line=self.lines.get(place, 1), message=message)


def read(path: Path) -> CourseSource:
    """The course in a folder or file. Raises ``CourseFormatError``."""
    file = path / FILE_NAME if path.is_dir() else path
    try:
        if file.stat().st_size > MAX_FILE:
            raise CourseFormatError(Finding(str(file), 1, f"a course file has at most {MAX_FILE:,} bytes"))
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise CourseFormatError(Finding(str(file), 1, f"cannot be read: {error.strerror}")) from None
    except UnicodeDecodeError:
        raise CourseFormatError(Finding(str(file), 1, "is not UTF-8 text")) from None
    return parse(text, file)


def parse(text: str, file: Path) -> CourseSource:
    """The course written in ``text``; ``file`` is only for messages. Raises ``CourseFormatError``."""
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise CourseFormatError(Finding(str(file), line, f"is not YAML: {error.problem}")) from None
    except yaml.YAMLError as error:
        raise CourseFormatError(Finding(str(file), 1, f"is not YAML: {error}")) from None
    if root is None:
        raise CourseFormatError(Finding(str(file), 1, "is empty"))
    builder = _Builder(file)
    plain = builder.build(root, ())
    try:
        course = msgspec.convert(plain, content.Course, strict=False)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `")
        place = _place(where.rstrip("`"))
        shown = ".".join(str(part) for part in place)
        source = CourseSource(file, _EMPTY, builder.lines)
        raise CourseFormatError(source.finding(place, f"{shown}: {message}" if shown else message)) from None
    return CourseSource(file, course, builder.lines)


_EMPTY = content.Course(course=content.CourseInfo(id="", title=""), skills=[], topics=[])


class _Builder:
    """YAML nodes as plain values, every scalar as text, with the line of each."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._nodes = 0
        self.lines: dict[Place, int] = {}

    def build(self, node: yaml.Node, place: Place) -> Any:
        self._nodes += 1
        line = node.start_mark.line + 1
        if self._nodes > MAX_NODES or len(place) > 40:
            raise CourseFormatError(Finding(str(self._file), line, f"a course has at most {MAX_NODES:,} parts"))
        self.lines[place] = line
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*place, at)) for at, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        plain = node.style is None  # type: ignore[attr-defined]
        return None if plain and node.value in {"null", "~"} else node.value

    def _mapping(self, node: yaml.MappingNode, place: Place) -> Any:
        built: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if not isinstance(key_node, yaml.ScalarNode) or key in built:
                raise CourseFormatError(
                    Finding(str(self._file), key_node.start_mark.line + 1, f"the key {key!r} stands here twice")
                )
            if key == "scaffold" and len(node.value) == 1 and len(place) > 1 and place[-2] == "hints":
                # A hint is a text or a scaffold; the word only says which.
                return self.build(value_node, place)
            built[key] = self.build(value_node, (*place, key))
            # A key's own line is where an author looks; a block's value begins one line below.
            self.lines[(*place, key)] = key_node.start_mark.line + 1
        return built


def _place(path: str) -> Place:
    """``$.topics[0].questions[2].answer`` as a place."""
    return tuple(int(index) if index else name for name, index in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", path))
