"""Whatever text comes in, what comes out is HTML a page can insert: known elements, harmless attributes, no error."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tutor.markdown import ELEMENTS, MATH_ATTRIBUTES, MATH_ELEMENTS, formula, render

ATTRIBUTES = {
    "a": {"href", "title", "rel", "target"},
    "img": {"src", "alt"},
    "ol": {"start"},
    "th": {"class"},
    "td": {"class"},
}
SCHEMES = ("http://", "https://", "mailto:")

PIECES = st.one_of(
    st.sampled_from(
        ["<script>", "</p>", "<img src=x onerror=alert(1)>", "&lt;script&gt;", "&#x3c;", "&", "<!--", "\x00"]
    ),
    st.sampled_from(["[a](", "![", "](", ")", "javascript:alert(1)", "data:text/html,x", "//evil.example"]),
    st.sampled_from(["```\n", "\n", "\n\n", "- ", "1. ", "> ", "# ", "|a|b|\n|:-|-:|\n", "`", "*", "~~"]),
    st.sampled_from(["$", "$$", "\\(", "\\)", "\\[", "\\]", "\\\\", "\\text{", "{", "}", "^", "_"]),
    st.sampled_from(
        [r"\frac{1}{2}", r"\href{javascript:x}{y}", r"\style{color:red}{x}", r"\begin{matrix}", r"\end{matrix}"]
    ),
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=8)), max_size=14).map("".join)
FORMULAS = st.lists(
    st.one_of(PIECES, st.text(alphabet="\\abcxyz{}[]^_&<>\"'0123456789+-=( )", max_size=10)), max_size=10
).map("".join)


class Reader(HTMLParser):
    """Reads HTML as a browser's first pass does and fails at what is not allowed."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ELEMENTS | MATH_ELEMENTS, f"<{tag}> got out"
        allowed = MATH_ATTRIBUTES | {"xmlns"} if tag in MATH_ELEMENTS else ATTRIBUTES.get(tag, set())
        for name, value in attrs:
            assert name in allowed, f"<{tag} {name}> got out"
            if name == "href":
                assert value is not None
                assert value.lower().startswith(SCHEMES) or ":" not in value.split("/")[0].split("?")[0].split("#")[0]
                assert not value.startswith("//")
            if name == "src":
                assert value is not None
                assert value.startswith("/")
                assert not value.startswith("//")

    def handle_comment(self, data: str) -> None:
        raise AssertionError("a comment got out")

    def handle_decl(self, decl: str) -> None:
        raise AssertionError("a declaration got out")

    def handle_pi(self, data: str) -> None:
        raise AssertionError("a processing instruction got out")


def read(html: str) -> None:
    reader = Reader(convert_charrefs=True)
    reader.feed(html)
    reader.close()


@settings(max_examples=400, deadline=None)
@given(TEXTS)
@example("<script>alert(1)</script>")
@example("[x](javascript:alert(1)) [x](JaVaScRiPt:alert(1)) [x](java\tscript:alert(1)) <javascript:alert(1)>")
@example("[x](&#106;avascript:alert(1)) [x](data:text/html;base64,PHN2Zz4=) [x](vbscript:x)")
@example("![x](https://evil.example/?secret) ![x](//evil.example/p.png) [x](//evil.example)")
@example(r"$\text{<img src=x onerror=alert(1)>}$ $\href{javascript:alert(1)}{x}$ $\style{background:url(x)}{x}$")
@example("|a|\n|:-:|\n|<b onclick=x>|")
@example(r"[a](\href{javascript:x}{y})")
def test_nothing_outside_the_allowed_elements_and_attributes_gets_out(text: str) -> None:
    read(render(text))


@settings(max_examples=400, deadline=None)
@given(FORMULAS)
def test_any_formula_comes_out_as_harmless_mathematics_or_as_code(latex: str) -> None:
    html = formula(latex)

    read(html)
    assert html.startswith(("<math", "<code>"))


@pytest.mark.parametrize(
    "latex", ["{" * 50_000, r"\frac" * 500, r"\sqrt" * 1_500, "x^" * 900, r"\begin{matrix}" * 100, r"\left(" * 300]
)
def test_a_formula_made_to_break_the_reader_is_shown_as_written(latex: str) -> None:
    read(formula(latex))


def test_a_formula_cannot_define_commands() -> None:
    bomb = r"\def\a{xx}\def\b{\a\a}\def\c{\b\b}\c"

    assert formula(bomb).startswith("<code>")


def test_deep_nesting_does_not_stop_a_lesson() -> None:
    read(render("> " * 5_000 + "x"))
    read(render("[" * 5_000))
    read(render("*a" * 5_000))
