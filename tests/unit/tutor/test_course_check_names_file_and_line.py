from __future__ import annotations

from typing import Any

import pytest

from tests.unit.tutor.documented_course import documented_course, documented_yaml
from tutor.course_format import CourseFormatError
from tutor.course_rules import findings
from tutor.questions import instantiate


def test_the_documented_example_has_no_findings() -> None:
    source = documented_course()
    assert [str(finding) for finding in findings(source)] == []
    assert instantiate(source.course, "solve", 1).prompt.startswith("Solve $x + ")


LONG = "word " * 121
HARD = "Notwithstanding epistemological complications, investigations necessitate mathematicians " * 8


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('          - {given: "{s+2*a}", expect: "known_error:adds_again"}\n', "", "no failing test"),
        ('          - {given: "x = {s}", expect: correct}\n', "", "no test of a right answer"),
        ("- Undo it with the opposite, on both sides.", '- "Then $x = {s}$."', "gives the answer away"),
        ("{ref: adds_again, match: s + 2*a}", "{ref: adds_again, match: s + a - a}", "has the right value"),
        ("{id: b, text: Add $8$}", "{id: b, text: subtract 8}", "say the same"),
        ("        skills: [undo_add]\n        difficulty", "        skills: []\n        difficulty", "has no skill"),
        ("{id: undo_add, name: Undo adding}", "{id: undo_add, name: U, prereq: [undo_add]}", "its own prerequisite"),
        ("{id: undo_add, name: Undo adding}", "{id: undo_add, name: U, prereq: [magic]}", "unknown skill 'magic'"),
        ("body: Taking away undoes adding.", f"body: {LONG}.", "at most 120"),
        ("body: Taking away undoes adding.", f"body: {HARD}.", "above the band"),
        ("body: Taking away undoes adding.", "body: Taking away. ![](x.png)", "needs an alt text"),
        ("body: Taking away undoes adding.", "body: Taking away. ![A balance](x.png)", "'x.png' is not in the course"),
        ("body: Taking away undoes adding.", "body: See ![it](https://a.org/x.png)", "no pictures of other places"),
        ("body: Taking away undoes adding.", "body: See ![it](../x.png)", "leads out of"),
        ("body: Taking away undoes adding.", "body: See ![it](x.exe)", "is not a picture"),
        ("{int: [2, 9]}}\n", "{int: [2, 9]}}\n        where: [a > 9]\n", "cannot be filled in: none of"),
        ("{int: [2, 9]}}\n", "{int: [2, 9]}}\n        where: [a is large]\n", "is not a condition"),
        ("{int: [2, 9]}}\n", "{int: [2, 9]}}\n        derived: {a: s}\n", "is a parameter already"),
        ("body: Taking away undoes adding. If $x", "body: Taking away undoes adding. If x", "not closed"),
        ("{ref: adds_again,", "{ref: add_again,", "no known error 'add_again'"),
        ("expect: form_issue", "expect: wrong", "is judged form_issue"),
        ("expect: form_issue", "expect: nonsense", "is not a verdict"),
        ("type: number", "type: numbr", "unknown answer format 'numbr'"),
        ("{int: [3, 9]}", "{int: [9, 3]}", "no value to draw from"),
        ("Solve $x + {a} = {s+a}$.", "Solve $x + -{a} = {s-a}$.", "reads badly"),
        ("answer: s\n", "answer: t\n", "unknown name 't'"),
        ("id: adding ", "id: Adding It ", "small letters"),
        ('          - "So $x = {s}$."', '          - "So $x = {s$."', "cannot be filled in"),
        ("        probe:\n", "        name_of_probe:\n", "unknown field `name_of_probe`"),
        ("        answer: s\n", "", "missing required field `answer`"),
        ("difficulty: 0.3", "difficulty: easy", "difficulty"),
        ("difficulty: 0.3", "difficulty: 0.3\n        difficulty: 0.4", "stands here twice"),
        ("topics:\n", "topics: [\n", "is not YAML"),
    ],
)
def test_each_rule_finds_its_case(old: Any, new: Any, message: Any) -> None:
    try:
        found = findings(documented_course((old, new)))
    except CourseFormatError as error:
        found = error.findings
    assert any(message in finding.message for finding in found), [str(finding) for finding in found]
    assert all(finding.file == "course.yaml" and finding.line >= 1 for finding in found)


def test_a_finding_stands_at_its_line() -> None:
    source = documented_course(("expect: form_issue", "expect: wrong"))
    lines = documented_yaml().splitlines()
    expected = next(at for at, line in enumerate(lines, start=1) if "form_issue" in line)
    assert [finding.line for finding in findings(source)] == [expected]


def test_a_type_error_stands_at_its_line() -> None:
    expected = next(at for at, line in enumerate(documented_yaml().splitlines(), start=1) if "difficulty" in line)
    with pytest.raises(CourseFormatError) as caught:
        documented_course(("difficulty: 0.3", "difficulty: easy"))
    assert caught.value.findings[0].line == expected


def test_words_and_numbers_of_yaml_stay_what_the_author_wrote() -> None:
    source = documented_course(
        ("[{id: a, text: Subtract $8$}, {id: b, text: Add $8$}]", "[{id: no, text: yes}, {id: on, text: 010}]"),
        ("          answer: a\n", "          answer: no\n"),
    )
    probe = source.course.topics[0].known_errors[0].probe
    assert probe is not None
    assert [(choice.id, choice.text) for choice in probe.format.choices] == [("no", "yes"), ("on", "010")]
    assert probe.answer == "no"
