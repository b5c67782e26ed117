"""What could tell who a learner is stands in no request to a model; mathematics does."""

from __future__ import annotations

import pytest

from tutor.interactions import CompactionCompleted, Interaction, MessageAccepted, OutputCommitted, encode
from tutor.projections import chain
from tutor.projections.fact import Fact
from tutor.projections.observation import observation
from tutor.prompts import Request
from tutor.redaction import redacted

#: What a learner writes, and the part of it that nobody outside may read.
SEEDED = (
    ("write to anna.schmidt@example.org please", "anna.schmidt"),
    ("mail me: max_m+school@mail.example.co.uk", "max_m"),
    ("it is lena (at) example.com", "lena"),
    ("my phone is 0171 2345678", "2345678"),
    ("call me at 555-123-4567", "123-4567"),
    ("(555) 123-4567 is mum", "123-4567"),
    ("+49 171 234 56 78 is my number", "234 56"),
    ("text me on 07700900123", "07700900123"),
    ("my number is 16505551234", "16505551234"),
    ("I live in Little Whinging", "Whinging"),
    ("we live at 4 Privet Drive, call by", "Privet"),
    ("12 Old Mill Road is our house", "Old Mill"),
    ("Ich wohne Goethestraße 12b", "Goethe"),
    ("postcode SW1A 1AA", "SW1A"),
    ("my address is 7 Hill Top, Leeds", "Leeds"),
    ("I go to Springfield Elementary School", "Springfield"),
    ("I'm in year 8 at St. Mary's Academy", "Mary"),
    ("the Albert-Einstein-Gymnasium is my school", "Einstein"),
    ("My name is Anna Schmidt and x = 4", "Schmidt"),
    ("I'm called Jonas", "Jonas"),
    ("my teacher is Mrs. Robinson", "Robinson"),
    ("follow me @anna_2012", "anna_2012"),
    ("my insta is anna.rocks", "anna.rocks"),
    ("see https://example.org/~anna", "~anna"),
    ("DE89 3704 0044 0532 0130 00", "3704"),
    ("4111 1111 1111 1111", "1111 1111"),
)
MATHEMATICS = (
    "x = 4",
    "3(x + 2) - 5 = 10",
    "555 - 123 = 432",
    "12345678 + 1",
    "the answer is 3.14159265358979",
    "$\\frac{1}{2}$ + 0.125",
    "2026-11-20",
    "is it 1/2 or 0.5?",
    "I go to the next step and get 7",
    "call it x",
    "10000000000",
    "a = 5, b = 6; c = 30 m/s",
    "(3, 4) and (-2, 0)",
    "my answer is 12 because 5 + 7 = 12",
)


def _chain(text: str) -> bytes:
    said: list[Interaction] = [MessageAccepted(text=text), OutputCommitted(text=f"“{text}”: why?", len=1)]
    facts = [
        Fact(seq, fact.kind, fact.version, "2026-11-20T12:00:00.000000Z", 0, "t1", "c1", encode(fact))
        for seq, fact in enumerate(said, start=1)
    ]
    notes = CompactionCompleted(
        upto=0, summary=f"- Learner: {text}", verdicts=[["q", text]], known_errors={}, interactions=1, by="extract"
    )
    request = Request(purpose="clarify_concept", system="Explain.", wanted={"learner_wrote": text})
    return chain.build(request, facts[::-1], budget=8_000, compaction=notes).encoded


@pytest.mark.parametrize(("text", "secret"), SEEDED)
def test_it_stands_in_no_part_of_a_request(text: str, secret: str) -> None:
    sent = _chain(text).decode()

    assert secret.casefold() not in sent.casefold()
    assert "[" in redacted(text)


@pytest.mark.parametrize("text", MATHEMATICS)
def test_mathematics_stays_as_it_is(text: str) -> None:
    assert redacted(text) == text


@pytest.mark.parametrize(("text", "_secret"), SEEDED)
def test_what_is_redacted_stays_as_it_is(text: str, _secret: str) -> None:
    assert redacted(redacted(text)) == redacted(text)


def test_what_may_be_said_stands_in_every_part() -> None:
    """Otherwise the tests above would find nothing whatever is let through."""
    # The wish, the learner's message, the tutor's quotation, the notes and the earlier verdict.
    assert _chain("is it 12 apples?").decode().count("is it 12 apples?") == 5


@pytest.mark.parametrize(("text", "secret"), SEEDED)
def test_it_stands_in_nothing_that_observers_look_at(text: str, secret: str) -> None:
    said: list[Interaction] = [MessageAccepted(text=text), OutputCommitted(text=f"“{text}”: why?", len=1)]
    facts = [
        Fact(seq, fact.kind, fact.version, "2026-11-20T12:00:00.000000Z", 0, "t1", "c1", encode(fact))
        for seq, fact in enumerate(said, start=1)
    ]

    assert secret.casefold() not in str(observation(facts)).casefold()
