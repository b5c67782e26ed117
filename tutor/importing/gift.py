r"""GIFT, the text format of Moodle's question banks.

A question is a block of lines up to an empty one: ``// comment``, ``$CATEGORY: name``, ``::title::``, ``[format]``, the
text with the answer in braces, ``####`` before the general feedback. ``\`` escapes ``~ = # { } :`` and itself; ``\n``
is a new line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tutor.importing import moodle
from tutor.importing.html_text import markdown, marked_up, plain_text
from tutor.importing.item import Answer, Compute, Item, Match, Refused, Unreadable

_ESCAPED = re.compile(r"\\([~=#{}:\\n])")
_SIGNS = "~=#{}:\\n"
_WEIGHT = re.compile(r"^%(-?\d+(?:\.\d+)?)%")
_FORMAT = re.compile(r"^\s*\[(html|moodle|plain|markdown)\]\s*")
_TRUE_FALSE = {"T": True, "TRUE": True, "F": False, "FALSE": False}


@dataclass(frozen=True)
class _Given:
    """One answer of a question's braces."""

    sign: str
    text: str
    #: Share of the marks, in per cent.
    weight: float
    feedback: str


class Gift:
    """A file of questions in GIFT."""

    lang = "en"

    def __init__(self, file: Path) -> None:
        self._file = file
        self._text = moodle.read_text(file)

    @property
    def title(self) -> str:
        return self._file.stem.split(".")[0].replace("_", " ").replace("-", " ").strip().capitalize() or "Questions"

    def items(self) -> Iterator[Item | Unreadable]:
        topic = moodle.topic(self.title)
        for number, (line, block) in enumerate(_blocks(self._text), start=1):
            place = f"line {line}"
            if block.lstrip().startswith("$CATEGORY:"):
                topic = moodle.topic(block.split(":", 1)[1], self.title)
                continue
            key = f"q{number:05d}"
            try:
                yield _item(block, key, place, topic)
            except Refused as reason:
                yield Unreadable(key, place, str(reason))


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """The questions with the line where each begins. An empty line inside braces does not end a question."""
    lines: list[str] = []
    begins = 1
    for at, line in enumerate([*text.splitlines(), ""], start=1):
        if line.strip().startswith("//"):
            continue
        if line.strip() and not lines:
            begins = at
        if line.strip():
            lines.append(line.rstrip())
        elif lines:
            yield begins, "\n".join(lines)
            lines = []
        if lines and lines[0].lstrip().startswith("$CATEGORY:"):
            yield begins, lines[0]
            lines = []


def _item(block: str, key: str, place: str, topic: tuple[str, str]) -> Item:
    text = _hidden(block.strip())
    name = re.match(r"^::(.*?)::", text, re.DOTALL)
    if name:
        text = text[name.end() :].strip()
    start, end = text.find("{"), text.find("}")
    if start < 0 and end < 0:
        raise Refused("it asks nothing; make it a material of its topic")
    if start < 0 or end < start:
        raise Refused("its braces do not fit")
    inside, after = text[start + 1 : end].strip(), text[end + 1 :].strip()
    if "{" in after:
        raise Refused("it has several gaps; ask for each in a question of its own")
    inside, _, general = inside.partition("####")
    form = _FORMAT.match(text)
    kind = form[1] if form else "moodle"
    begin = form.end() if form else 0
    stem = text[begin:start].rstrip()
    if re.fullmatch(r"[.?!:;\"”]*", after):
        # The answer stands at the end: nothing is missing inside the text but what closes its sentence.
        prompt = stem + (after if stem[-1:].isalnum() else "")
    else:
        prompt = f"{stem} … {after}"
    losses: list[str] = []
    answer = _answer(inside.strip(), kind, losses)
    return Item(
        key=key,
        place=place,
        topic=topic,
        skills=[topic],
        prompt=_shown(prompt, kind),
        answer=answer,
        solution=[_shown(general, kind)] if general.strip() else [],
        source=f"“{_seen(name[1]).strip()}”" if name and name[1].strip() else "",
        losses=losses,
    )


def _answer(inside: str, kind: str, losses: list[str]) -> Answer:
    if not inside:
        raise Refused(moodle.ESSAY)
    if inside.startswith("#"):
        return _number(inside[1:].strip(), losses)
    word, *_ = inside.split("#")
    if word.strip().upper() in _TRUE_FALSE:
        return moodle.true_false(_TRUE_FALSE[word.strip().upper()])
    given = _given(inside)
    if any(one.sign == "~" for one in given):
        return moodle.choice(
            [(_shown(one.text, kind), one.weight, _shown(one.feedback, kind)) for one in given],
            many=not any(one.sign == "=" for one in given),
            losses=losses,
        )
    if given and all("->" in one.text for one in given):
        pairs = [tuple(part.strip() for part in one.text.split("->", 1)) for one in given]
        shown = [(_shown(left, kind), _shown(right, "plain")) for left, right in pairs]
        return Match([pair for pair in shown if pair[0]], [right for left, right in shown if not left])
    return moodle.words([(_seen(one.text).strip(), one.weight) for one in given], losses)


def _number(inside: str, losses: list[str]) -> Compute:
    listed = _given(inside) if inside.lstrip().startswith(("=", "%")) else []
    texts = [(one.text, one.weight) for one in listed if one.sign == "="] or [(re.split(r"[~#]", inside)[0], 100.0)]
    return moodle.number([(*_bounds(_seen(text).strip()), weight) for text, weight in texts], losses)


def _bounds(text: str) -> tuple[str, str]:
    """``5:0.1`` and ``4.9..5.1`` as value and tolerance."""
    if ".." in text:
        low, high = (moodle.exact(part) for part in text.split("..", 1))
        return str((low + high) / 2), str(float((high - low) / 2))
    value, _, tolerance = text.partition(":")
    return value.strip(), tolerance.strip() or "0"


def _given(inside: str) -> list[_Given]:
    """The answers behind ``=`` and ``~``, with weights and feedback."""
    found: list[_Given] = []
    for part in re.split(r"(?=[=~])", inside):
        sign, text = part[:1], part[1:].strip()
        if sign not in {"=", "~"}:
            if part.strip():
                found.append(_Given("=", part.strip(), 100.0, ""))
            continue
        weight = _WEIGHT.match(text)
        text, _, feedback = (text[weight.end() :] if weight else text).partition("#")
        share = float(weight[1]) if weight else (100.0 if sign == "=" else 0.0)
        found.append(_Given(sign, text.strip(), share, feedback.strip()))
    return found


def _hidden(text: str) -> str:
    """Escaped signs as characters that nothing here looks for."""
    return _ESCAPED.sub(lambda found: chr(0xE000 + _SIGNS.index(found[1])), text)


def _seen(text: str) -> str:
    return re.sub(
        r"[\ue000-\ue007]", lambda found: "\n" if found[0] == "\ue007" else _SIGNS[ord(found[0]) - 0xE000], text
    )


def _shown(text: str, kind: str) -> str:
    own = _FORMAT.match(text)
    seen = _seen(text[own.end() :] if own else text).strip()
    written = own[1] if own else kind
    if written == "html" or (written == "moodle" and re.search(r"<[a-zA-Z/][^<>]*>", seen)):
        return markdown(seen)
    return marked_up(seen) if written == "markdown" else plain_text(seen)
