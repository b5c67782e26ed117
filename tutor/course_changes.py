"""What is different between two versions of a course, part by part, for who is about to publish one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import msgspec

from tutor import course as content
from tutor.course_export import plain


@dataclass(frozen=True)
class Change:
    """One part that was added (``+``), removed (``-``) or changed (``~``)."""

    sign: str
    #: course, skill, topic, material, known error or question.
    what: str
    id: str
    #: What of it changed, by the format's own words.
    fields: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.sign} {self.what} {self.id}" + (f": {', '.join(self.fields)}" if self.fields else "")


def changes(old: content.Course | None, new: content.Course) -> list[Change]:
    """From ``old`` to ``new``, in the order of ``new``; what is gone comes last. Nothing where there was no course."""
    if old is None:
        return []
    found = list(_changed("course", [old.course], [new.course]))
    found += _changed("skill", old.skills, new.skills)
    found += _changed("topic", [_bare(topic) for topic in old.topics], [_bare(topic) for topic in new.topics])
    for what, parts in (("material", "materials"), ("known error", "known_errors"), ("question", "questions")):
        before, after = ([one for topic in course.topics for one in getattr(topic, parts)] for course in (old, new))
        found += _changed(what, before, after)
    return sorted(found, key=lambda change: change.sign == "-")


def _bare(topic: content.Topic) -> content.Topic:
    return msgspec.structs.replace(topic, materials=[], known_errors=[], questions=[])


def _changed(what: str, old: Sequence[content.Part], new: Sequence[content.Part]) -> Iterator[Change]:
    before, after = ({_id(part): plain(part) for part in parts} for parts in (old, new))
    for key, part in after.items():
        if key not in before:
            yield Change("+", what, key)
        elif part != before[key]:
            names = [name for name in {**before[key], **part} if part.get(name) != before[key].get(name)]
            yield Change("~", what, key, tuple(names))
    for key in before:
        if key not in after:
            yield Change("-", what, key)


def _id(part: content.Part) -> str:
    return str(getattr(part, "id", ""))
