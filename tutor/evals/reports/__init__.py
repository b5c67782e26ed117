"""A report in the forms that people and programs read."""

from __future__ import annotations

from collections.abc import Callable

from tutor.evals.report import Report
from tutor.evals.reports.github import github
from tutor.evals.reports.html import html
from tutor.evals.reports.json import json
from tutor.evals.reports.junit import junit
from tutor.evals.reports.text import text

#: Name -> (ending of its file, what makes it).
FORMATS: dict[str, tuple[str, Callable[[Report], str]]] = {
    "text": ("txt", text),
    "json": ("json", json),
    "junit": ("xml", junit),
    "github": ("github.txt", github),
    "html": ("html", html),
}

__all__ = ["FORMATS", "github", "html", "json", "junit", "text"]
