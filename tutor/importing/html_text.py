"""HTML of other programs as Markdown of a course: described pictures, formulas, and nothing that could do harm."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

from markdownify import MarkdownConverter

from tutor.course_files import IMAGE
from tutor.importing import texts
from tutor.importing.item import Refused

#: In characters.
MAX_HTML = 200_000

#: How Moodle's filters write formulas. A single dollar is money there.
_FORMULA = re.compile(r"\$\$(.+?)\$\$|\\\((.+?)\\\)|\\\[(.+?)\\\]", re.DOTALL)
_KEPT = re.compile(r"\x02(\d+)\x03")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def markdown(html: str) -> str:
    """The text as Markdown. Raises ``Refused`` where a learner would miss something: a picture without description."""
    if len(html) > MAX_HTML:
        raise Refused(f"a text has more than {MAX_HTML:,} characters")
    text, formulas = _kept_formulas(html)
    # What a filter takes for a formula is written in HTML too: "<" is "&lt;" there.
    converted = _Converter(escape_misc=True, bullets="-", heading_style="atx", strip=["a"]).convert(text)
    tidy = re.sub(r"[ \t]+\n", "\n", re.sub(r"\n{3,}", "\n\n", converted)).strip()
    tidy = texts.braces_escaped(re.sub(r"(?<!\\)\$", r"\\$", tidy))
    return _restored(tidy, formulas)


def plain_text(text: str) -> str:
    """Plain words with formulas in Moodle's brackets, as Markdown."""
    kept, formulas = _kept_formulas(text)
    return _restored(texts.prose(kept.strip()), formulas)


def marked_up(text: str) -> str:
    """Markdown with formulas in Moodle's brackets. Raises ``Refused`` for a picture: none comes with such a text."""
    if IMAGE.search(text):
        raise Refused("it shows a picture that is not in the file")
    kept, formulas = _kept_formulas(text)
    return _restored(texts.braces_escaped(re.sub(r"(?<!\\)\$", r"\\$", kept.strip())), formulas)


def _kept_formulas(text: str) -> tuple[str, list[str]]:
    """The text with its formulas put aside, so that no other rule touches them."""
    formulas: list[str] = []
    kept = _FORMULA.sub(lambda found: _keep(formulas, next(filter(None, found.groups()))), _CONTROL.sub(" ", text))
    return kept, formulas


def _restored(text: str, formulas: list[str]) -> str:
    pieces = _KEPT.split(text)
    return texts.joined([formulas[int(piece)] if at % 2 else piece for at, piece in enumerate(pieces)])


def _keep(formulas: list[str], latex: str) -> str:
    for entity, sign in (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"), ("&nbsp;", " ")):
        latex = latex.replace(entity, sign)
    formulas.append(texts.formula(re.sub(r"<[^<>]{0,200}>", " ", latex) if "</" in latex else latex))
    return f"\x02{len(formulas) - 1}\x03"


class _Converter(MarkdownConverter):
    """Pictures by their place in the course's folder."""

    def convert_img(self, el: Any, text: str, parent_tags: Any) -> str:
        alt = str(el.attrs.get("alt") or "").strip()
        if not alt:
            raise Refused("it shows a picture that nobody described; it needs an alt text")
        name = str(el.attrs.get("src") or "")
        if not name.startswith("@@PLUGINFILE@@/"):
            raise Refused("it shows a picture that is not in the file")
        described = re.sub(r"[\[\]\n]", " ", alt)
        return f"![{described}](media/{picture_name(name.removeprefix('@@PLUGINFILE@@/'))})"

    def convert_script(self, el: Any, text: str, parent_tags: Any) -> str:
        return ""

    def convert_style(self, el: Any, text: str, parent_tags: Any) -> str:
        return ""


def picture_name(name: str) -> str:
    """A file name without anything a path or a link could trip over."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", unquote(name).split("?")[0]).strip("-.")
    return plain[-80:] or "picture"
