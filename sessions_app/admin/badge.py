"""A few words in a colour. The words say it; the colour only helps to find it."""

from __future__ import annotations

from typing import Literal

from django.utils.html import format_html
from django.utils.safestring import SafeString

Tone = Literal["good", "active", "waiting", "bad", "quiet"]


def badge(words: str, tone: Tone, explanation: str = "") -> SafeString:
    """HTML of a badge; ``explanation`` shows under the pointer."""
    return format_html('<span class="badge badge-{}" title="{}">{}</span>', tone, explanation, words)
