"""Server-sent events, however their bytes are cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools_app.backends.sse import EventParser, LineTooLong


@given(
    events=st.lists(st.binary(min_size=1, max_size=40).filter(lambda raw: not {10, 13} & set(raw))),
    newline=st.sampled_from([b"\n", b"\r\n"]),
    cuts=st.lists(st.integers(1, 9), min_size=1),
)
def test_cut_anywhere_the_events_are_the_same(events: list[bytes], newline: bytes, cuts: list[int]) -> None:
    raw = b"".join(
        b": a comment%bid: 7%bdata: %b%b%b" % (newline, newline, event, newline, newline) for event in events
    )
    parser, found, at = EventParser(1_000), [], 0
    while at < len(raw):
        size = cuts[at % len(cuts)]
        found += parser.feed(raw[at : at + size])
        at += size

    assert found == events


def test_lines_of_data_belong_together() -> None:
    assert EventParser(100).feed(b"data: a\ndata:b\n\n") == [b"a\nb"]


def test_the_last_event_may_lack_its_empty_line() -> None:
    parser = EventParser(100)
    assert parser.feed(b"data: [DONE]") == []
    assert parser.end() == [b"[DONE]"]


def test_a_line_without_end_is_refused_before_it_is_kept() -> None:
    parser = EventParser(100)
    parser.feed(b"data: " + b"x" * 90)
    with pytest.raises(LineTooLong):
        parser.feed(b"x" * 10)
