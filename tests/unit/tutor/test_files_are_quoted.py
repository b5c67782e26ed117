"""What a learner's file says is quoted with its source, where it fits, and never where it would tell the answer."""

from __future__ import annotations

import pytest

from tests.unit.tutor.machine.small_course import small_course
from tutor import file_text
from tutor.clarification import explain
from tutor.file_text import FileOutline, FilePart, Library
from tutor.markdown import render
from tutor.questions import instantiate


def part(
    text: str, *, section: int = 1, heading: str = "", page: int | None = None, marked_up: bool = False
) -> FilePart:
    return FilePart("f1", "bio notes.pdf", section, heading, page, text, marked_up)


def library(*parts: FilePart, first: bool = False) -> Library:
    headings = tuple(one.heading for one in parts if one.heading)
    return Library((FileOutline("f1", "bio notes.pdf", len(parts), None, headings),), parts, first)


OSMOSIS = part(
    "Plants drink with their roots. Osmosis moves water into a cell. It needs no energy.", heading="Water", page=4
)
BALANCE = part("A balance of a laboratory is kept level by screws.", section=2, heading="Scales")


def told(text: str, files: Library, *, question: str | None = None) -> str:
    course = small_course()
    return explain(course, "one_step", text, instantiate(course, question, 1) if question else None, (), files)


def test_it_is_quoted_from_the_sentence_that_fits_with_its_source() -> None:
    assert told("what is osmosis?", library(OSMOSIS, BALANCE)) == (
        "From your file “bio notes.pdf”, page 4 (“Water”):\n\n> Osmosis moves water into a cell. It needs no energy. …"
    )


def test_the_course_comes_first_where_both_fit() -> None:
    assert told("why the opposite?", library(part("The opposite of up is down."))).startswith(
        "An equation is a balance"
    )


def test_the_file_comes_first_where_the_learner_wants_it() -> None:
    assert "The opposite of up" in told("why the opposite?", library(part("The opposite of up is down."), first=True))


@pytest.mark.parametrize(
    "text",
    ["what does my file say about a balance?", "what do my bio notes say about a balance?", "bio notes.pdf: balance?"],
)
def test_who_means_the_file_gets_the_file(text: str) -> None:
    assert "kept level by screws" in told(text, library(OSMOSIS, BALANCE))


def test_a_file_that_says_nothing_about_it_is_honest() -> None:
    assert told("what does my file say about volcanoes?", library(OSMOSIS)) == (
        "I found nothing about that in “bio notes.pdf”."
    )


def test_who_asks_what_is_in_it_hears_its_headings() -> None:
    outline = told("what is in my file?", library(OSMOSIS, BALANCE))

    assert "- Water\n- Scales" in outline


def test_one_word_of_many_is_no_fit() -> None:
    told_ = told("how does a medieval cathedral organ pump water?", library(OSMOSIS))

    assert "From your file" not in told_


def test_an_answer_key_does_not_help() -> None:
    question = instantiate(small_course(), "undo1", 1)
    key = part(f"Solutions: the opposite gives x = {question.answer}. So x = {question.answer}.")

    said = told("what does my file say about the opposite?", library(key), question="undo1")

    assert question.answer not in said


def test_a_long_section_is_cut_at_a_sentence() -> None:
    long = part("Osmosis is this. " + "Another sentence of some words follows here. " * 60)

    quoted = file_text.quotation(long, {"osmosi"})

    assert 60 < len(quoted.split()) < 150
    assert quoted.endswith("here. …")


HOSTILE = (
    "<script>alert(1)</script> ![x](http://evil.example/x.png) [click](javascript:alert(1)) **bold** $x$ # heading\n"
    "> quote\n```\ncode"
)


def test_signs_of_plain_text_mean_themselves() -> None:
    html = render(file_text.quotation(part(HOSTILE), words=99))

    assert "<script" not in html
    assert "<img" not in html
    assert "href" not in html
    assert "<strong>" not in html
    assert "**bold** $x$" in html


def test_markdown_of_a_file_is_shown_and_stays_within_its_quotation() -> None:
    html = render(
        file_text.quotation(part("Some **bold** text:\n\n- one\n- two\n\n```\ncode\n", marked_up=True), words=99)
    )

    assert "<strong>bold</strong>" in html
    assert html.rstrip().endswith("</blockquote>")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("show me page 12 of my notes", ("page", 12)),
        ("What stands in section 3 of the file?", ("section", 3)),
        ("read chapter 2 of my book", ("section", 2)),
        ("page 3", None),
        ("I read 3 pages", None),
        ("show me a hint", None),
    ],
)
def test_a_wish_for_a_part_is_recognised(text: str, wanted: tuple[str, int] | None) -> None:
    assert file_text.wanted_part(text) == wanted


@pytest.mark.parametrize("text", ["what is a file?", "the balance", "turn the page", "a document"])
def test_not_every_word_means_the_learners_file(text: str) -> None:
    assert not file_text.means_file(text, ["fractions.pdf"])
