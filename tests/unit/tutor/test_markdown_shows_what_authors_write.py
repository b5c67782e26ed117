"""Authors and models write Markdown and LaTeX; learners see text and mathematics."""

from __future__ import annotations

import pytest

from tutor.markdown import formula, render


@pytest.mark.parametrize(
    ("text", "display"),
    [
        ("so $x=5$.", "inline"),
        (r"so \(x=5\).", "inline"),
        ("$$x=5$$", "block"),
        ("$$\nx=5\n$$", "block"),
        ("and $$x=5$$ here", "block"),
        (r"and \[x=5\] here", "block"),
    ],
)
def test_mathematics_is_found_in_all_usual_brackets(text: str, display: str) -> None:
    assert f'<math display="{display}" xmlns="http://www.w3.org/1998/Math/MathML">' in render(text)
    assert "<mi>x</mi><mo>=</mo><mn>5</mn>" in render(text)


@pytest.mark.parametrize("text", ["It costs $5 and then $6.", r"Escaped \$x\$ stays.", "`$x$`", "```\n$x$\n```"])
def test_what_only_looks_like_mathematics_stays_text(text: str) -> None:
    assert "<math" not in render(text)


def test_a_bad_formula_is_shown_as_code_and_the_rest_of_the_text_is_unharmed() -> None:
    assert render(r"Before $\frac{$ and **after** $x$.").startswith(
        r"<p>Before <code>\frac{</code> and <strong>after</strong> <math"
    )


def test_comparison_signs_survive_in_mathematics() -> None:
    assert "<mo>&lt;</mo>" in formula("x<3")
    assert "<mo>≤</mo>" in formula(r"x \le 3")


def test_html_is_shown_not_obeyed() -> None:
    assert render("<b>x</b> & y") == "<p>&lt;b&gt;x&lt;/b&gt; &amp; y</p>"


def test_headings_stand_below_those_of_the_page() -> None:
    assert render("# A") == "<h4>A</h4>"
    assert render("###### B") == "<h6>B</h6>"


def test_a_link_opens_beside_the_lesson_and_tells_nobody_where_from() -> None:
    assert render("[a](https://example.org)") == (
        '<p><a href="https://example.org" rel="noopener noreferrer nofollow" target="_blank">a</a></p>'
    )


def test_a_foreign_picture_is_replaced_by_its_description() -> None:
    assert render("![a balance](https://example.org/b.png)") == "<p>a balance</p>"
    assert render("![a balance](/media/b.png)") == '<p><img src="/media/b.png" alt="a balance"></p>'


def test_table_columns_are_aligned_by_class_because_styles_are_refused() -> None:
    html = render("|a|b|\n|:-:|-:|\n|1|2|")

    assert '<td class="align-center">1</td>' in html
    assert "style=" not in html
