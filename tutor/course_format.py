"""How a course is written: one folder with ``course.yaml``, read into ``course.Course``; errors name file and line.

A large course keeps its topics in files of their own: an entry ``{file: topics/one-step.yaml}`` in ``topics`` stands
for what that file contains. Every scalar is read as text and becomes a number or a truth value only where the course's
types ask for one, so that an answer ``7``, an option ``no`` and a key ``on`` mean what they say.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import yaml

from tutor import course as content

#: In bytes and in YAML nodes, per file: a file is text a person wrote.
MAX_FILE = 5_000_000
MAX_NODES = 300_000
#: What one course may consist of, in files.
MAX_FILES = 1_000
#: Nothing in a course lies deeper; the parser is not asked to find out how deep it could go.
MAX_DEPTH = 40
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
    #: File and line of each part.
    spots: dict[Place, tuple[Path, int]]
    #: Files the texts may refer to, by their path in the course's folder; None: those that lie there.
    files: frozenset[str] | None = None

    def finding(self, place: Place, message: str) -> Finding:
        """A finding at ``place``, or at the nearest part around it that has a line."""
        while place and place not in self.spots:
            place = place[:-1]
        file, line = self.spots.get(place, (self.path, 1))
        return Finding(file=str(file), line=line, message=message)

    def has_file(self, path: str) -> bool:
        """Whether the course's folder contains this file. A path that leads out of the folder is not in it."""
        if self.files is not None:
            return path in self.files
        folder = self.path.parent.resolve()
        file = (folder / path).resolve()
        return file.is_relative_to(folder) and file.is_file()

    def size(self, path: str) -> int:
        """In bytes; 0 where only the names of the files are known."""
        return (self.path.parent / path).stat().st_size if self.files is None else 0


def read(path: Path) -> CourseSource:
    """The course in a folder or file. Raises ``CourseFormatError``."""
    file = path / FILE_NAME if path.is_dir() else path
    return parse(_text(file), file, folder=file.parent)


def parse(text: str, file: Path, *, folder: Path | None = None, files: frozenset[str] | None = None) -> CourseSource:
    """The course written in ``text``. Raises ``CourseFormatError``.

    ``file`` names it in messages; topics in files of their own are read from ``folder``. ``files`` says which files the
    course has where there is no folder to look into.
    """
    builder = _Builder(file, folder)
    plain = builder.build(_composed(text, file), ())
    try:
        course = msgspec.convert(plain, content.Course, strict=False)
    except msgspec.ValidationError as error:
        message, _, where = str(error).partition(" - at `")
        place = _place(where.rstrip("`"))
        shown = ".".join(str(part) for part in place)
        source = CourseSource(file, _EMPTY, builder.spots)
        raise CourseFormatError(source.finding(place, f"{shown}: {message}" if shown else message)) from None
    return CourseSource(file, course, builder.spots, files)


_EMPTY = content.Course(course=content.CourseInfo(id="", title=""), skills=[], topics=[])


def _text(file: Path) -> str:
    try:
        if file.stat().st_size > MAX_FILE:
            raise CourseFormatError(Finding(str(file), 1, _TOO_LONG))
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise CourseFormatError(Finding(str(file), 1, f"cannot be read: {error.strerror}")) from None
    except UnicodeDecodeError:
        raise CourseFormatError(Finding(str(file), 1, "is not UTF-8 text")) from None


def _composed(text: str, file: Path) -> yaml.Node:
    """The text as YAML nodes; libyaml, for a course of ten thousand questions is read in seconds by it."""
    try:
        _bounded(text, file)
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
    except yaml.MarkedYAMLError as error:
        raise CourseFormatError(
            Finding(str(file), _line(error.problem_mark), f"is not YAML: {error.problem}")
        ) from None
    except yaml.YAMLError as error:
        raise CourseFormatError(Finding(str(file), 1, f"is not YAML: {error}")) from None
    if root is None:
        raise CourseFormatError(Finding(str(file), 1, "is empty"))
    return root


def _bounded(text: str, file: Path) -> None:
    """Refuse what is too deep or too large while it is still a stream: composing it would exhaust the stack."""
    depth = nodes = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        nodes += isinstance(event, yaml.NodeEvent)
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            raise CourseFormatError(Finding(str(file), _line(event.start_mark), _TOO_LARGE))


def _line(mark: Any) -> int:
    return int(mark.line) + 1 if mark is not None else 1


_TOO_LONG = f"a course file has at most {MAX_FILE:,} bytes; put topics into files of their own"
_TOO_LARGE = f"a course file has at most {MAX_NODES:,} parts, {MAX_DEPTH} levels deep"


class _Builder:
    """YAML nodes as plain values, every scalar as text, with the file and line of each."""

    def __init__(self, file: Path, folder: Path | None) -> None:
        self._file = file
        self._folder = folder
        self._files = 0
        self._nodes = 0
        self.spots: dict[Place, tuple[Path, int]] = {}

    def build(self, node: yaml.Node, place: Place) -> Any:
        self._nodes += 1
        line = node.start_mark.line + 1
        # An alias stands for all it names: what was small as a stream may be large here.
        if self._nodes > MAX_NODES or len(place) > MAX_DEPTH:
            raise CourseFormatError(Finding(str(self._file), line, _TOO_LARGE))
        self.spots[place] = (self._file, line)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*place, at)) for at, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        plain = not node.style  # type: ignore[attr-defined]
        return None if plain and node.value in {"null", "~"} else node.value

    def _mapping(self, node: yaml.MappingNode, place: Place) -> Any:
        built: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode) or key in built:
                raise CourseFormatError(Finding(str(self._file), line, f"the key {key!r} stands here twice"))
            if len(node.value) == 1 and len(place) > 1 and key == "scaffold" and place[-2] == "hints":
                # A hint is a text or a scaffold; the word only says which.
                return self.build(value_node, place)
            if len(node.value) == 1 and len(place) == 2 and key == "file" and place[0] == "topics":
                return self._topic_file(str(value_node.value), place, line)
            built[key] = self.build(value_node, (*place, key))
            # A key's own line is where an author looks; a block's value begins one line below.
            self.spots[(*place, key)] = (self._file, line)
        return built

    def _topic_file(self, name: str, place: Place, line: int) -> Any:
        """The topic that stands in a file of its own, inside the course's folder."""
        self._files += 1
        where = self._file
        if self._folder is None:
            raise CourseFormatError(Finding(str(where), line, "here the whole course has to stand in one file"))
        if self._files > MAX_FILES:
            raise CourseFormatError(Finding(str(where), line, f"a course has at most {MAX_FILES} files"))
        file = self._folder / name
        if not file.resolve().is_relative_to(self._folder.resolve()):
            raise CourseFormatError(Finding(str(where), line, f"the file {name!r} is not in the course's folder"))
        self._file, self._nodes = file, 0
        try:
            return self.build(_composed(_text(file), file), place)
        finally:
            self._file = where


def _place(path: str) -> Place:
    """``$.topics[0].questions[2].answer`` as a place."""
    return tuple(int(index) if index else name for name, index in re.findall(r"\.([^.\[\]]+)|\[(\d+)\]", path))
