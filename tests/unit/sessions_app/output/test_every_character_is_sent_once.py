"""Whatever pieces arrive, doubled, late, overlapping or never: a view is sent every character once, in order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sessions_app.output import sent
from sessions_app.output.sent import OutputFrame, Sent

_texts = st.lists(st.text(min_size=1, max_size=30), min_size=1, max_size=4)


class Client:
    """Keeps what frames say, as the protocol asks of clients, and accepts nothing doubled or missing."""

    def __init__(self) -> None:
        self.attempt, self.text = 0, ""

    def take(self, frames: list[OutputFrame]) -> None:
        for kind, d in frames:
            if kind == "output.reset":
                assert d["attempt"] > self.attempt
                self.attempt, self.text = d["attempt"], ""
                continue
            if d["attempt"] > self.attempt:
                assert not self.text, "text of another attempt follows a reset"
                self.attempt = d["attempt"]
            assert d["attempt"] == self.attempt
            assert d["off"] == len(self.text)
            self.text += d["text"]


@given(texts=_texts, data=st.data())
def test_pieces_in_any_order_with_the_buffer_for_what_is_missing(texts: list[str], data: st.DataObject) -> None:
    view, client = Sent(), Client()
    view.begin("t1")
    for _ in range(data.draw(st.integers(0, 20))):
        attempt = data.draw(st.integers(1, len(texts)))
        text = texts[attempt - 1]
        off = data.draw(st.integers(0, len(text) - 1))
        told = view.take("t1", attempt, off, text[off : data.draw(st.integers(off + 1, len(text)))])
        client.take(told.frames)
        if told.gap and data.draw(st.booleans()):
            client.take(view.take("t1", view.attempt, view.off, texts[view.attempt - 1][view.off :]).frames)
        assert client.text == ("" if not client.attempt else texts[client.attempt - 1][: len(client.text)])
    client.take(view.take("t1", len(texts), 0, texts[-1]).frames)

    assert client.text == texts[-1]


@given(text=st.text(min_size=1, max_size=50), data=st.data())
def test_resumed_at_every_offset(text: str, data: st.DataObject) -> None:
    off = data.draw(st.integers(0, len(text)))
    view = Sent()
    view.begin("t1", 1, off)
    told = view.take("t1", 1, 0, text)

    assert text[:off] + "".join(d["text"] for _, d in told.frames) == text
    assert not told.gap


def test_nothing_of_another_turn_or_of_an_older_attempt_is_sent() -> None:
    view = Sent()
    view.begin("t2")
    view.take("t2", 2, 0, "abc")

    assert view.take("t1", 9, 0, "old turn") == view.take("t2", 1, 3, "old attempt") == sent.Told([])


def test_nothing_is_sent_after_it_was_committed_but_a_later_text_of_the_turn_is() -> None:
    view = Sent()
    view.begin("t1")
    view.take("t1", 1, 0, "abc")
    view.commit(1)

    assert view.take("t1", 1, 3, "d") == sent.Told([])
    assert view.take("t1", 2, 0, "e").frames == [("output.delta", {"attempt": 2, "off": 0, "text": "e"})]


def test_a_long_text_is_sent_in_frames_that_the_transport_takes() -> None:
    view = Sent()
    view.begin("t1")
    frames = view.take("t1", 1, 0, "x" * (2 * sent.FRAME_CHARS + 1)).frames

    assert [len(d["text"]) for _, d in frames] == [sent.FRAME_CHARS, sent.FRAME_CHARS, 1]
