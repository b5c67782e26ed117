"""Each format becomes sections of text, under its headings and with its pages."""

from __future__ import annotations

import pytest

from tests import sample_files
from tools_app.extraction import limits
from tools_app.extraction.document import Section
from tools_app.extraction.reading import read


def test_a_pdf_is_read_page_by_page() -> None:
    found = read(
        sample_files.pdf(
            ["Osmosis", "Water moves through a membrane from the side where more of", "it is free. That is all."],
            "Only one line on this page.",
        )
    )

    assert found.pages == 2
    assert found.sections == (
        Section("Water moves through a membrane from the side where more of it is free. That is all.", "Osmosis", 1),
        Section("Only one line on this page.", "", 2),
    )


def test_a_word_file_is_read_by_its_headings() -> None:
    found = read(
        sample_files.docx(("", "Before."), ("Heading1", "Fractions"), ("", "A half &amp; a third."), ("", "Costs $5."))
    )

    assert found.sections == (Section("Before."), Section("A half & a third.\n\nCosts \\$5.", "Fractions"))
    assert found.pages is None


HTML = b"""<!doctype html><html><head><title>T</title><style>p {}</style><script>alert(1)</script></head>
<body><h1>Cells</h1><p>A cell has a <a href="http://evil.example/?q=1">wall</a>.</p><img src="x" alt="a leaf">
<h2>Walls <em>of</em> plants</h2><ul><li>strong</li><li>green</li></ul></body></html>"""


def test_html_is_read_by_its_headings_and_loses_what_could_act() -> None:
    found = read(HTML)

    assert found.sections == (
        Section("A cell has a wall.\n\na leaf", "Cells"),
        Section("- strong\n- green", "Walls of plants"),
    )


MARKDOWN = b"""# One

Text with a [link](http://evil.example) and ![a picture](http://evil.example/x.png).

```
# no heading
```

## Two *words*

More, see <https://evil.example/> and [this][1].

[1]: http://evil.example/
"""


def test_markdown_is_read_by_its_headings_and_keeps_only_the_words_of_links() -> None:
    found = read(MARKDOWN)

    assert found.sections == (
        Section("Text with a link and a picture.\n\n```\n# no heading\n```", "One"),
        Section("More, see https://evil.example/ and this.", "Two words"),
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_a_plain_text_is_read_in_its_encoding(encoding: str) -> None:
    assert read("Größe ist eine Länge.".encode(encoding)).sections == (Section("Größe ist eine Länge."),)


def test_of_a_picture_only_its_format_and_size_are_known() -> None:
    (section,) = read(sample_files.png(40, 30)).sections

    assert section.text == "A picture (PNG, 40 × 30 pixels). What it shows cannot be read."


def test_a_picture_that_claims_to_be_huge_costs_nothing() -> None:
    (section,) = read(sample_files.png_that_claims(2**31 - 1, 2**31 - 1)).sections

    assert "2,147,483,647 × 2,147,483,647" in section.text


def test_a_long_text_is_divided_between_its_paragraphs() -> None:
    paragraphs = [f"Paragraph {number}. " + "word " * 300 for number in range(20)]

    sections = read("\n\n".join(paragraphs).encode()).sections

    assert len(sections) > 3
    assert all(len(one.text) <= limits.SECTION_CHARS for one in sections)
    assert " ".join(" ".join(one.text for one in sections).split()) == " ".join(" ".join(paragraphs).split())


def test_a_text_without_a_single_space_is_divided_all_the_same() -> None:
    sections = read(b"x" * 20_000).sections

    assert "".join(one.text for one in sections) == "x" * 20_000


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (sample_files.pdf("A page."), "A page."),
        (sample_files.docx(("", "A letter.")), "A letter."),
        (b"\r\n\r\n%PDF is what I write about.", "%PDF is what I write about."),
    ],
)
def test_the_content_says_what_it_is_and_no_name_is_asked(content: bytes, text: str) -> None:
    assert [one.text for one in read(content).sections] == [text]
