"""HTML, by its headings: words and structure; no scripts, no links, nothing that would be fetched."""

from __future__ import annotations

import re
from typing import Any

from markdownify import MarkdownConverter

from tools_app.extraction import division
from tools_app.extraction.document import Document
from tools_app.extraction.text import characters


class _Converter(MarkdownConverter):
    """Pictures by what their author says of them."""

    def convert_img(self, el: Any, text: str, parent_tags: Any) -> str:
        return re.sub(r"[\[\]\n]", " ", str(el.attrs.get("alt") or ""))

    def convert_script(self, el: Any, text: str, parent_tags: Any) -> str:
        return ""

    convert_style = convert_template = convert_title = convert_noscript = convert_iframe = convert_script


def markdown(html: str) -> str:
    """HTML as Markdown; a dollar is money."""
    converted = _Converter(heading_style="atx", bullets="-", strip=["a"], escape_misc=False).convert(html)
    return re.sub(r"(?<!\\)\$", r"\\$", converted)


def read(content: bytes) -> Document:
    """A page."""
    return Document(division.by_headings(markdown(characters(content))))
