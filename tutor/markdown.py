"""Markdown with mathematics, made into HTML that is safe to insert into a page.

``render`` is the one door through which authored or model-written text becomes HTML. What it emits is built from a
closed set of elements and attributes (``ELEMENTS``, ``MATH_ELEMENTS``): raw HTML in the text is shown as text, a link
leads only to http, https or mailto, an image only to this site, no ``style`` attribute appears (the page's content
security policy would refuse it). Mathematics between ``$…$``, ``$$…$$``, ``\\(…\\)`` or ``\\[…\\]`` becomes MathML,
which browsers draw by themselves; a formula that cannot be read is shown as code, as it was written.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import unquote, urlsplit
from xml.etree.ElementTree import Element

from latex2mathml.converter import Converter
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict
from mdit_py_plugins.dollarmath import dollarmath_plugin

#: The HTML elements that can appear in what ``render`` returns.
ELEMENTS = frozenset(
    {"p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "img", "h4", "h5", "h6"}
    | {"table", "thead", "tbody", "tr", "th", "td"}
)
#: The MathML elements that can appear in it.
MATH_ELEMENTS = frozenset(
    {"math", "mrow", "mi", "mn", "mo", "mtext", "mspace", "mfrac", "msqrt", "mroot", "mstyle", "mpadded", "mphantom"}
    | {"msub", "msup", "msubsup", "munder", "mover", "munderover", "mmultiscripts", "mprescripts", "none", "menclose"}
    | {"mtable", "mtr", "mtd"}
)
#: Attributes of MathML elements that say how a formula looks and can do nothing else.
MATH_ATTRIBUTES = frozenset(
    {"display", "displaystyle", "scriptlevel", "mathvariant", "bevelled", "notation", "linethickness", "accent"}
    | {"accentunder", "stretchy", "fence", "separator", "form", "lspace", "rspace", "minsize", "maxsize", "symmetric"}
    | {"movablelimits", "columnalign", "rowalign", "columnspacing", "rowspacing", "columnlines", "rowlines", "width"}
    | {"height", "depth", "voffset"}
)
#: A longer formula is shown as code; nothing a lesson needs comes near it. In characters.
FORMULA_LIMIT = 2_000
#: Commands that define other commands could blow a short formula up without end.
_DEFINES = re.compile(r"\\(?:def|gdef|edef|let|newcommand|renewcommand|providecommand|DeclareMathOperator)\b")
_VALUE = re.compile(r"[\w\s.,%+#-]*")
_MATHML = "http://www.w3.org/1998/Math/MathML"
#: Pairs that open and close mathematics beside the dollar: (opening, closing, displayed).
_BRACKETS = ((r"\(", r"\)", False), (r"\[", r"\]", True))


@lru_cache(maxsize=2_048)
def render(text: str) -> str:
    """The Markdown text as safe HTML; never raises, whatever the text is."""
    try:
        return str(_markdown.render(text)).strip()
    except Exception:
        # The parser is not ours. A learner is better served by plain text than by an error page.
        return f"<p>{html.escape(text)}</p>"


@lru_cache(maxsize=2_048)
def formula(latex: str, *, display: bool = False) -> str:
    """LaTeX as MathML; a formula that cannot be read comes back as code, as it was written. Never raises."""
    latex = latex.strip()
    if latex and len(latex) <= FORMULA_LIMIT and not _DEFINES.search(latex):
        try:
            return _write(Converter(display="block" if display else "inline").convert_to_element(latex))
        except Exception:  # noqa: S110 - a dozen kinds of error, RecursionError among them; all mean "not readable"
            pass
    return f"<code>{html.escape(latex)}</code>"


def _write(element: Element) -> str:
    """One MathML element as text, only with what is allowed.

    The converter's own writer undoes the escaping of ``<`` and ``&``, so that ``\\text{<script>}`` would become an
    element; and ``\\href`` and ``\\style`` reach its attributes. Hence a writer of our own.
    """
    name = element.tag if element.tag in MATH_ELEMENTS else "mrow"
    attributes = {key: value for key, value in element.attrib.items() if _is_harmless(key, value)}
    if name == "math":
        attributes["xmlns"] = _MATHML
    written = "".join(f' {key}="{html.escape(value)}"' for key, value in sorted(attributes.items()))
    # The converter leaves character references ("&#x0003D;") in its texts.
    inside = html.escape(html.unescape(element.text or "")) + "".join(_write(child) for child in element)
    return f"<{name}{written}>{inside}</{name}>"


def _is_harmless(key: str, value: str) -> bool:
    return key in MATH_ATTRIBUTES and _VALUE.fullmatch(value) is not None


# --- what Markdown needs beside CommonMark -----------------------------------------------------------------------


def _bracket_math(state: StateInline, silent: bool) -> bool:
    """Inline rule: ``\\(…\\)`` and ``\\[…\\]``, the way language models write mathematics."""
    for opening, closing, display in _BRACKETS:
        if not state.src.startswith(opening, state.pos):
            continue
        end = state.src.find(closing, state.pos + 2, state.posMax)
        content = state.src[state.pos + 2 : end] if end > 0 else ""
        if not content.strip():
            return False
        if not silent:
            token = state.push("math_inline_double" if display else "math_inline", "math", 0)
            token.content = content
            token.markup = opening
        state.pos = end + 2
        return True
    return False


def _fit_into_page(state: StateCore) -> None:
    """Core rule: headings below those of the page, no ``style`` attributes, links that leave the page open."""
    for token in state.tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1]) + 3)}"
        elif token.type in ("th_open", "td_open"):
            side = str(token.attrs.pop("style", "")).removeprefix("text-align:")
            if side:
                token.attrs["class"] = f"align-{side}"
        for child in token.children or ():
            if child.type == "link_open":
                child.attrs["rel"] = "noopener noreferrer nofollow"
                child.attrs["target"] = "_blank"


def _link_is_safe(url: str) -> bool:
    """Whether a link or image may lead there; a path of this site is fine, another scheme than these is not."""
    try:
        parts = urlsplit(html.unescape(url).strip())
    except ValueError:
        return False
    if parts.scheme:
        return parts.scheme.lower() in ("http", "https", "mailto")
    # What might be taken for a scheme or another host by a reader that is less exact than a browser.
    return not parts.netloc and "\\" not in unquote(url) and ":" not in parts.path.split("/")[0]


class _Renderer(RendererHTML):
    """Writes the tokens that differ from the standard: mathematics, images, code."""

    def math_inline(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return formula(tokens[idx].content)

    def math_inline_double(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return formula(tokens[idx].content, display=True)

    def math_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f"<p>{formula(tokens[idx].content, display=True)}</p>\n"

    def image(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        """An image of this site; of another one only its description, for its address could carry text away."""
        token = tokens[idx]
        source = str(token.attrs.get("src", ""))
        description = self.renderInlineAsText(token.children, options, env) if token.children else ""
        if not source.startswith("/") or source.startswith("//"):
            return html.escape(description)
        return f'<img src="{html.escape(source)}" alt="{html.escape(description)}">'

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f"<pre><code>{html.escape(tokens[idx].content)}</code></pre>\n"


def _make() -> MarkdownIt:
    options: dict[str, Any] = {"html": False, "linkify": False, "typographer": False, "maxNesting": 20}
    markdown = MarkdownIt("commonmark", options, renderer_cls=_Renderer).enable(["table", "strikethrough"])
    # "It costs $5 and then $6" is money: no space inside the dollars, no digit beside them.
    dollarmath_plugin(markdown, allow_labels=False, allow_space=False, allow_digits=False, double_inline=True)
    for name in ("math_inline", "math_inline_double", "math_block"):
        # The plugin has put its own writers over those of the renderer's class.
        markdown.renderer.rules[name] = getattr(markdown.renderer, name)  # type: ignore[attr-defined]
    markdown.inline.ruler.before("escape", "bracket_math", _bracket_math)
    markdown.core.ruler.push("fit_into_page", _fit_into_page)
    markdown.validateLink = _link_is_safe  # type: ignore[method-assign]
    return markdown


_markdown = _make()
