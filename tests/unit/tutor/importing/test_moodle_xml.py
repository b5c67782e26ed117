"""Moodle XML becomes questions that pass every rule; a hostile file is refused before it does any harm."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from tests.unit.tutor.importing.imported import become, question
from tutor.importing.building import Outcome
from tutor.importing.item import Refused
from tutor.importing.moodle_xml import MoodleXml

PNG = b"\x89PNG\r\n\x1a\n"


def quiz(tmp_path: Path, inside: str) -> list[Outcome]:
    file = tmp_path / "quiz.xml"
    file.write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n<quiz>{inside}</quiz>', encoding="utf-8")
    return become(MoodleXml(file))


def asked(kind: str, text: str, inside: str, written: str = "html") -> str:
    return (
        f'<question type="{kind}"><name><text>N</text></name>'
        f'<questiontext format="{written}"><text><![CDATA[{text}]]></text></questiontext>{inside}</question>'
    )


def answer(text: str, fraction: float, feedback: str = "", more: str = "") -> str:
    return (
        f'<answer fraction="{fraction}"><text><![CDATA[{text}]]></text>'
        f'<feedback format="html"><text>{feedback}</text></feedback>{more}</answer>'
    )


CHOICE = answer("<p>the moon</p>", 100) + answer("<p>the sun</p>", 0, "Other way round")


def one(tmp_path: Path, inside: str) -> Outcome:
    (outcome,) = quiz(tmp_path, inside)
    return outcome


def test_html_becomes_markdown_and_formulas_stay_formulas(tmp_path: Path) -> None:
    text = "<p>What is <b>this</b>: \\(x^{2} &lt; 9\\) or $$f{(x)}$$?</p><p>It costs $5 {today}.</p>"
    made = question(one(tmp_path, asked("multichoice", text, "<single>true</single>" + CHOICE)))
    assert made.prompt == "What is **this**: $x^{2} < 9$ or $f(x)$?\n\nIt costs \\$5 \\{today\\}."
    assert [choice.text for choice in made.format.choices] == ["the moon", "the sun"]


def test_scripts_and_links_are_left_behind(tmp_path: Path) -> None:
    text = '<p onclick="x()">Hello <a href="javascript:x()">you</a><script>alert(1)</script><style>p{}</style>?</p>'
    made = question(one(tmp_path, asked("truefalse", text, answer("true", 100) + answer("false", 0))))
    assert made.prompt == "Hello you?"


def test_numbers_words_and_pairs(tmp_path: Path) -> None:
    number, words, pairs = quiz(
        tmp_path,
        asked("numerical", "Pi?", answer("3.14", 100, more="<tolerance>0.01</tolerance>") + answer("*", 0))
        + asked(
            "shortanswer", "The moon of the earth?", "<usecase>1</usecase>" + answer("Moon", 100) + answer("Luna", 100)
        )
        + asked(
            "matching",
            "Match.",
            "<subquestion><text>cat</text><answer><text>kitten</text></answer></subquestion>"
            "<subquestion><text>dog</text><answer><text>puppy</text></answer></subquestion>",
        ),
    )
    assert (question(number).answer, question(number).format.tolerance_abs) == ("3.14", 0.01)
    assert (question(words).answer, question(words).format.aliases, question(words).format.case) == (
        "Moon",
        ["Luna"],
        True,
    )
    assert question(pairs).format.type == "match"


def test_pictures_come_along_if_they_are_described(tmp_path: Path) -> None:
    file = f'<file name="a b.png" path="/" encoding="base64">{base64.b64encode(PNG).decode()}</file>'
    element = asked("truefalse", "", answer("true", 100) + answer("false", 0)).replace(
        "<![CDATA[]]></text>", f'<![CDATA[<img src="@@PLUGINFILE@@/a%20b.png" alt="A moon"> Is it?]]></text>{file}'
    )
    outcome = one(tmp_path, element)
    assert outcome.files == {"media/a-b.png": PNG}
    assert question(outcome).prompt == "![A moon](media/a-b.png) Is it?"
    assert "alt text" in one(tmp_path, element.replace('alt="A moon"', 'alt=""')).why[0]
    assert "not in the file" in one(tmp_path, element.replace("@@PLUGINFILE@@", "https://a.org")).why[0]


def test_categories_are_topics(tmp_path: Path) -> None:
    category = '<question type="category"><category><text>$course$/Moons</text></category></question>'
    outcome = one(tmp_path, category + asked("multichoice", "Which?", "<single>true</single>" + CHOICE))
    assert outcome.topic == ("moons", "Moons")


@pytest.mark.parametrize(
    ("kind", "inside", "why"),
    [
        ("essay", "", "essay"),
        ("description", "", "asks nothing"),
        ("cloze", "", "gaps"),
        ("calculated", "", "params"),
        ("ddwtos", "", "no counterpart"),
        ("numerical", "<unitgradingtype>1</unitgradingtype>" + answer("5", 100), "quantity"),
        ("numerical", answer("five", 100), "not a number"),
        ("multichoice", answer("a", 0) + answer("b", 0), "none of its options is right"),
        ("multichoice", answer("a", 100).replace('fraction="100"', 'fraction="all"'), "not a number"),
        ("truefalse", answer("true", 0) + answer("false", 0), "right answer"),
    ],
)
def test_what_cannot_be_asked_is_refused_with_the_reason(tmp_path: Path, kind: str, inside: str, why: str) -> None:
    outcome = one(tmp_path, asked(kind, "Which?", inside))
    assert (outcome.outcome, why in outcome.why[0]) == ("refused", True), outcome.why


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "text",
    [
        f'<!DOCTYPE quiz [<!ENTITY l0 "ha">{LAUGHS}]><quiz><question type="&l9;"/></quiz>',
        '<!DOCTYPE quiz [<!ENTITY x SYSTEM "file:///etc/passwd">]><quiz><question type="essay">&x;</question></quiz>',
        '<!DOCTYPE quiz SYSTEM "http://127.0.0.1:1/x.dtd"><quiz/>',
        "<quiz><question></quiz>",
        "<other/>",
        "no xml",
        "",
    ],
)
def test_a_file_that_is_none_or_means_harm_is_refused(tmp_path: Path, text: str) -> None:
    file = tmp_path / "quiz.xml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(Refused):
        list(MoodleXml(file).items())
