"""Answers as learners type them, written down by hand (``typed/*.yaml``): no generator thought of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import yaml

from tests.unit.tutor.checking.answers import question
from tutor import course as content
from tutor.questions import QuestionInstance

FOLDER = Path(__file__).parent / "typed"


def entries() -> Iterator[tuple[QuestionInstance, dict[str, list[str]], list[str]]]:
    """Each question with its right answers by form class, and its wrong ones."""
    for path in sorted(FOLDER.glob("*.yaml")):
        entry: dict[str, Any]
        for entry in yaml.safe_load(path.read_text()):
            form = msgspec.convert(entry["format"], content.Format)
            yield question(form, entry["answer"], prompt=entry["ask"]), entry["right"], entry["wrong"]
