"""Whether a text tells the answer to a question, also where it hides it.

The machine's own gate (``tutor.leak_gate``) decides what is said; what decides here is stricter on purpose, so that
the gate is not tested by itself: encoded and reversed texts are decoded first, and a number counts as told when it is
spelt out in words.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Iterator
from fractions import Fraction

import msgspec

from tutor import leak_gate
from tutor.checking.number import numbers_in
from tutor.checking.number_words import from_words
from tutor.questions import QuestionInstance

#: The smallest number whose word gives it away: "one side" and "two steps" stand in any explanation.
SPELT_FROM = 4
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{8,}={0,2}(?![A-Za-z0-9+/=])")
_HEX = re.compile(r"(?<![0-9A-Za-z])(?:[0-9a-f]{2}){4,}(?![0-9A-Za-z])", re.IGNORECASE)
_WORDS = re.compile(r"\b(?:(?:minus|negative)\s+)?[a-z]+(?:[- ][a-z]+)?\b")


def told(text: str, question: QuestionInstance, *, shown: str = "") -> str | None:
    """How ``text`` tells the answer; None where it does not. The prompt and ``shown`` tell nothing."""
    question = msgspec.structs.replace(question, prompt=f"{question.prompt}\n{shown}") if shown else question
    if leak_gate.leaks(text, question):
        return "it states the answer"
    for how, decoded in _decoded(text, question.format.type):
        if leak_gate.leaks(decoded, question):
            return f"{how}, it states the answer"
    # Turned round, any number may happen to be the answer: only where it is stated as one does it tell something.
    if question.format.type == "number":
        gold = Fraction(question.answer)
        if any(value == gold and asserted for value, asserted in numbers_in(text[::-1])):
            return "read backwards, it states the answer"
        if _spelt(text, gold) and not _spelt(question.prompt, gold):
            return "it spells the answer"
    elif leak_gate.leaks(text[::-1], question):
        return "read backwards, it states the answer"
    return None


def _decoded(text: str, form: str) -> Iterator[tuple[str, str]]:
    for found in _BASE64.finditer(text):
        plain = _printable(_unpadded(found[0]))
        if plain is not None:
            yield "decoded from base64", plain
    for found in _HEX.finditer(text):
        plain = _printable(bytes.fromhex(found[0]))
        if plain is not None:
            yield "decoded from hexadecimal", plain
    if form != "number":  # rot13 leaves digits as they are
        yield "decoded from rot13", codecs.encode(text, "rot13")


def _unpadded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded.rstrip("=") + "=" * (-len(encoded.rstrip("=")) % 4), validate=True)
    except binascii.Error:
        return b""


def _printable(raw: bytes) -> str | None:
    try:
        plain = raw.decode()
    except UnicodeDecodeError:
        return None
    return plain if plain and plain.isprintable() else None


def _spelt(text: str, gold: Fraction) -> bool:
    if gold.denominator != 1 or abs(gold) < SPELT_FROM:
        return False
    for found in _WORDS.finditer(text.lower()):
        words = found[0]
        if gold in {from_words(words), from_words(words.split()[0]), from_words(re.split(r"[- ]", words)[-1])}:
            return True
    return False
