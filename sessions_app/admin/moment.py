"""Times as people say them: "3 min ago", "in 2 h"; the exact time shows under the pointer."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString


def span(seconds: float) -> str:
    """A length of time: "340 ms", "12 s", "3 min", "2 h 5 min", "4 d"."""
    if seconds < 1:
        return f"{max(0.0, seconds) * 1000:.0f} ms"
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} d"
    if hours:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{minutes} min" if minutes else f"{rest} s"


def _timed(moment: datetime, words: str) -> SafeString:
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>', moment.isoformat(), f"{moment:%Y-%m-%d %H:%M:%S}", words
    )


def ago(moment: datetime) -> SafeString:
    """How long ago something was. A clock that is a little behind makes it "just now", never the future."""
    seconds = (timezone.now() - moment).total_seconds()
    return _timed(moment, "just now" if seconds < 1 else f"{span(seconds)} ago")


def due(moment: datetime) -> SafeString:
    """When something will be; "now" where it is due."""
    seconds = (moment - timezone.now()).total_seconds()
    return _timed(moment, "now" if seconds < 1 else f"in {span(seconds)}")
