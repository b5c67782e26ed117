"""``course export`` writes what ``course load`` reads: for every course, whatever its texts are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.tutor.documented_course import documented_course
from tutor import course as content
from tutor.course_changes import changes
from tutor.course_export import files, written
from tutor.course_format import CourseFormatError, parse, read
from tutor.management.commands.course import COURSES

# YAML has no way to write a lone surrogate or most control characters; no author's editor has, either.
TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t")
    | st.sampled_from("\\{}$:#-'\"%&*!|>@`,[]? ~"),
    max_size=160,
)
SOME = st.lists(TEXT, max_size=3)


def parts(kind: type[content.Part], **known: Any) -> st.SearchStrategy[Any]:
    return st.builds(kind, **known)


FORMAT = parts(
    content.Format,
    type=TEXT,
    choices=st.lists(
        parts(content.Choice, id=TEXT, text=TEXT, feedback=TEXT, known_error=st.none() | TEXT), max_size=2
    ),
    tolerance_abs=st.none() | st.floats(0, 1e6),
    shuffle=st.booleans(),
    aliases=SOME,
)
SCAFFOLD = parts(content.Scaffold, ask=TEXT, format=FORMAT, answer=TEXT)
QUESTION = parts(
    content.Question,
    id=TEXT,
    skills=SOME,
    prompt=TEXT,
    format=FORMAT,
    answer=TEXT,
    difficulty=st.floats(0, 1),
    params=st.dictionaries(TEXT, st.fixed_dictionaries({"int": st.lists(st.integers(-9, 9), max_size=2)}), max_size=2),
    hints=st.lists(TEXT | SCAFFOLD, max_size=3),
    tests=st.lists(parts(content.Test, given=TEXT, expect=TEXT), max_size=2),
)
TOPIC = parts(content.Topic, id=TEXT, title=TEXT, skills=SOME, questions=st.lists(QUESTION, max_size=2))
COURSE = parts(
    content.Course,
    course=parts(
        content.CourseInfo, id=TEXT, title=TEXT, summary=TEXT, pedagogy=st.dictionaries(TEXT, TEXT, max_size=2)
    ),
    skills=st.lists(parts(content.Skill, id=TEXT, name=TEXT, prereq=SOME), max_size=2),
    topics=st.lists(TOPIC, max_size=2),
)


@given(COURSE)
def test_any_course_survives_being_written(course: content.Course) -> None:
    assert parse(written(course), Path("course.yaml")).course == course
    assert changes(course, course) == []


@pytest.mark.parametrize("name", sorted(file.parent.name for file in COURSES.glob("*/course.yaml")))
def test_the_demo_courses_survive_it(name: str) -> None:
    course = read(COURSES / name).course
    assert parse(written(course), Path("course.yaml")).course == course


def test_a_large_course_gets_a_file_for_each_topic(tmp_path: Path) -> None:
    small = documented_course().course
    (topic,) = small.topics
    (question,) = topic.questions
    topics = [
        msgspec.structs.replace(
            topic,
            id=f"t{at}",
            materials=[],
            questions=[msgspec.structs.replace(question, id=f"q{at}-{n}") for n in range(50)],
        )
        for at in range(3)
    ]
    course = msgspec.structs.replace(small, topics=topics)
    texts = files(course)
    assert sorted(texts) == ["course.yaml", "topics/1-t0.yaml", "topics/2-t1.yaml", "topics/3-t2.yaml"]
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    source = read(tmp_path)
    assert source.course == course
    finding = source.finding(("topics", 1, "questions", 49), "look")
    assert finding.file.endswith("topics/2-t1.yaml")
    assert f"{finding}".endswith(": look")
    assert "q1-49" in (tmp_path / "topics/2-t1.yaml").read_text().splitlines()[finding.line - 1]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("topics: [{file: ../secret.yaml}]", "not in the course's folder"),
        ("topics: [{file: nothing.yaml}]", "cannot be read"),
        ("[" * 200_000, "levels deep"),
        ("{a: " * 100 + "1" + "}" * 100, "levels deep"),
        ("a: &a [x, x, x, x, x, x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]\n"
         "c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]\n"
         "e: &e [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]\nf: [*e, *e, *e, *e]", "300,000 parts"),
        ("a: &a [*a]", "levels deep"),
    ],
)  # fmt: skip
def test_a_file_cannot_lead_out_or_blow_up(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "course.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(CourseFormatError, match=why):
        read(tmp_path)


def test_one_text_alone_has_no_other_files() -> None:
    with pytest.raises(CourseFormatError, match="whole course has to stand in one file"):
        parse("topics: [{file: a.yaml}]", Path("course.yaml"))
