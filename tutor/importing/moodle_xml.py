"""Moodle XML: ``<quiz>`` with one ``<question type="…">`` after the other, read as a stream.

Entities, external ones above all, and document types are refused by the parser (defusedxml): no question bank needs
them.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element, ParseError

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from tutor.importing import moodle
from tutor.importing.html_text import markdown, marked_up, picture_name, plain_text
from tutor.importing.item import Answer, Compute, Item, Match, Name, Refused, Unreadable

#: Types that are no question of ours, and why.
_REFUSED = {
    "essay": moodle.ESSAY,
    "description": "it asks nothing; make it a material of its topic",
    "cloze": "it has gaps inside its text; ask for each in a question of its own",
    "calculated": "its values come from a data set; write it with params",
    "calculatedsimple": "its values come from a data set; write it with params",
    "calculatedmulti": "its values come from a data set; write it with params",
    "random": "it only points to other questions",
    "randomsamatch": "it only points to other questions",
}


class MoodleXml:
    """A file of questions in Moodle XML."""

    lang = "en"

    def __init__(self, file: Path) -> None:
        self._file = file
        if file.stat().st_size > moodle.MAX_FILE:
            raise Refused(f"{file} has more than {moodle.MAX_FILE:,} bytes; export it in parts")

    @property
    def title(self) -> str:
        return self._file.stem.replace("_", " ").replace("-", " ").strip().capitalize() or "Questions"

    def items(self) -> Iterator[Item | Unreadable]:
        """Raises ``Refused`` where the file is not such a file; what came before stays."""
        topic = moodle.topic(self.title)
        with self._file.open("rb") as file:
            for number, element in enumerate(_questions(file, self._file), start=1):
                kind = element.get("type", "")
                if kind == "category":
                    topic = moodle.topic(_text(element.find("category")), self.title)
                    continue
                name = _text(element.find("name")).strip()
                place = f"question {number}" + (f" “{name[:60]}”" if name else "")
                key = f"q{number:05d}"
                try:
                    yield _item(element, kind, key, place, topic)
                except Refused as reason:
                    yield Unreadable(key, place, str(reason))


def _questions(file: IO[bytes], path: Path) -> Iterator[Element]:
    root: Element | None = None
    try:
        for event, element in iterparse(file, events=("start", "end"), forbid_dtd=True):
            if root is None:
                root = element
                if element.tag != "quiz":
                    raise Refused(f"{path} is not Moodle XML: it begins with <{element.tag}>, not with <quiz>")
            elif event == "end" and element.tag == "question":
                yield element
                root.clear()  # a bank of a gigabyte is read in the memory of one question
    except ParseError as error:
        raise Refused(f"{path} is not XML: {error}") from None
    except DefusedXmlException:
        raise Refused(f"{path} declares entities or a document type, which a question bank does not need") from None


def _item(element: Element, kind: str, key: str, place: str, topic: tuple[str, str]) -> Item:
    if kind in _REFUSED:
        raise Refused(_REFUSED[kind])
    losses: list[str] = []
    answer = _answer(element, kind, losses)
    prompt = _markdown(element.find("questiontext"))
    hints = [text for text in (_markdown(hint) for hint in element.findall("hint")) if text]
    general = _markdown(element.find("generalfeedback"))
    name = _text(element.find("name")).strip()
    return Item(
        key=key,
        place=place,
        topic=topic,
        skills=[topic],
        prompt=prompt,
        answer=answer,
        hints=[*hints],
        solution=[general] if general else [],
        source=f"“{name}”" if name else "",
        files=_files(element),
        losses=losses,
    )


def _answer(element: Element, kind: str, losses: list[str]) -> Answer:
    answers = element.findall("answer")
    match kind:
        case "multichoice":
            return moodle.choice(
                [(_markdown(one), _share(one), _markdown(one.find("feedback"))) for one in answers],
                many=_text_of(element, "single") == "false",
                losses=losses,
                shuffle=_text_of(element, "shuffleanswers") not in {"0", "false"},
            )
        case "truefalse":
            right = [_text(one).strip().lower() for one in answers if _share(one) > 0]
            if right not in (["true"], ["false"]):
                raise Refused("neither true nor false is its right answer, or both are")
            return moodle.true_false(right == ["true"])
        case "shortanswer":
            return moodle.words(
                [(_text(one).strip(), _share(one)) for one in answers],
                losses,
                case=_text_of(element, "usecase") == "1",
            )
        case "numerical":
            return _numerical(element, answers, losses)
        case "matching":
            return _matching(element)
    raise Refused(f"questions of the type {kind!r} have no counterpart here")


def _numerical(element: Element, answers: list[Element], losses: list[str]) -> Compute | Name:
    if _text_of(element, "unitgradingtype") not in {"", "0"}:
        raise Refused("it marks the unit as well; write it as a quantity")
    if element.find("units/unit") is not None:
        losses.append("its units may be left out and are not read")
    return moodle.number(
        [(_text(one).strip(), (one.findtext("tolerance") or "0").strip(), _share(one)) for one in answers], losses
    )


def _matching(element: Element) -> Match:
    pairs = [(_markdown(one), plain_text(_text(one.find("answer")))) for one in element.findall("subquestion")]
    return Match([pair for pair in pairs if pair[0]], [right for left, right in pairs if not left])


def _share(answer: Element) -> float:
    try:
        return float(answer.get("fraction", "0"))
    except ValueError:
        raise Refused(f"the marks of an answer are {answer.get('fraction')!r}, not a number") from None


def _text(element: Element | None) -> str:
    return (element.findtext("text") or "") if element is not None else ""


def _text_of(element: Element, tag: str) -> str:
    return (element.findtext(tag) or "").strip()


def _markdown(element: Element | None) -> str:
    if element is None:
        return ""
    text = _text(element)
    written = element.get("format", "html")
    looks_like_html = re.search(r"<[a-zA-Z/][^<>]*>|&[a-z]+;", text) is not None
    if written == "html" or (written not in {"plain_text", "markdown"} and looks_like_html):
        return markdown(text)
    return marked_up(text) if written == "markdown" else plain_text(text)


def _files(element: Element) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for file in element.iter("file"):
        if file.get("encoding") != "base64":
            continue
        try:
            data = base64.b64decode((file.text or "").strip(), validate=False)
        except binascii.Error:
            raise Refused(f"its file {file.get('name')!r} cannot be read") from None
        found[f"media/{picture_name(file.get('name') or '')}"] = data
    return found
