"""A course back as the YAML an author edits: only what differs from the defaults, texts as blocks where they are long.

``parse(written(course)) == course`` for every course (tested as a property).
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

import msgspec
import yaml

from tutor import course as content

#: In characters: a longer text goes below its key.
LONG_TEXT = 90
#: In questions: a larger course is written with one file per topic.
ONE_FILE = 120


def plain(part: Any) -> Any:
    """A part of a course as dictionaries and lists, without what is as by default."""
    if isinstance(part, content.Part):
        return {
            field.encode_name: plain(value)
            for field in msgspec.structs.fields(part)
            if (value := getattr(part, field.name)) != _default(field)
        }
    if isinstance(part, list):
        return [plain(item) for item in part]
    if isinstance(part, dict):
        return {key: plain(value) for key, value in part.items()}
    return part


def written(course: content.Course) -> str:
    """The whole course as one YAML text."""
    return _dump(_with_scaffolds(plain(course)))


def files(course: content.Course) -> dict[str, str]:
    """The course as files by name: ``course.yaml``, and one per topic where there are many questions."""
    if sum(len(topic.questions) for topic in course.topics) <= ONE_FILE:
        return {"course.yaml": written(course)}
    names = _file_names(course)
    head: dict[str, Any] = _with_scaffolds(plain(msgspec.structs.replace(course, topics=[])))
    head["topics"] = [{"file": name} for name in names]
    topics = {name: _dump(_with_scaffolds(plain(topic))) for name, topic in zip(names, course.topics, strict=True)}
    return {"course.yaml": _dump(head), **topics}


def _file_names(course: content.Course) -> list[str]:
    """By number, so that a folder lists them in the course's order."""
    width = len(str(len(course.topics)))
    return [
        str(PurePosixPath("topics", f"{at:0{width}d}-{topic.id.lower()[:60]}.yaml"))
        for at, topic in enumerate(course.topics, start=1)
    ]


def _default(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return field.default_factory()
    return field.default


def _with_scaffolds(value: Any) -> Any:
    """Hints that are sub-questions, marked by the word the format has for them."""
    if isinstance(value, list):
        return [_with_scaffolds(item) for item in value]
    if not isinstance(value, dict):
        return value
    built = {key: _with_scaffolds(item) for key, item in value.items()}
    if isinstance(built.get("hints"), list):
        built["hints"] = [{"scaffold": hint} if isinstance(hint, dict) else hint for hint in built["hints"]]
    return built


class _Dumper(yaml.CSafeDumper):
    """Writes for people: order as in the course's types, long texts folded, short collections on one line."""


def _text(dumper: _Dumper, text: str) -> yaml.Node:
    style = None
    if "\n" in text:
        style = "|" if _fits_a_block(text) else '"'
    elif len(text) > LONG_TEXT:
        style = ">" if _fits_a_block(text) and "  " not in text else '"'
    elif text in {"null", "~", ""}:
        style = '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _fits_a_block(text: str) -> bool:
    """A block shows no difference between a space at a line's end and none, and has no escapes."""
    return text.isprintable() or all(
        line == line.strip() and (not line or line.isprintable()) for line in text.split("\n")
    )


def _list(dumper: _Dumper, items: list[Any]) -> yaml.Node:
    return dumper.represent_sequence("tag:yaml.org,2002:seq", items, flow_style=_fits_a_line(items))


def _dict(dumper: _Dumper, items: dict[str, Any]) -> yaml.Node:
    return dumper.represent_mapping("tag:yaml.org,2002:map", items, flow_style=_fits_a_line(list(items.values())))


def _fits_a_line(values: list[Any]) -> bool:
    """Whether values stand on one line in brackets: they are short, and one of them is a collection at most."""
    plain_values = [value for value in values if not isinstance(value, list | dict)]
    nested = [inner for value in values if isinstance(value, list) for inner in value]
    if any(isinstance(value, dict) for value in values) or any(isinstance(inner, list | dict) for inner in nested):
        return False
    texts = [str(value) for value in (*plain_values, *nested)]
    return not any("\n" in text for text in texts) and sum(len(text) + 6 for text in texts) <= LONG_TEXT


_Dumper.add_representer(str, _text)
_Dumper.add_representer(list, _list)
_Dumper.add_representer(dict, _dict)


def _dump(value: Any) -> str:
    return yaml.dump(
        value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=118, default_flow_style=False, indent=2
    )
