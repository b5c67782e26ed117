"""The lessons in the documentation are what the tutor says today."""

from __future__ import annotations

import pytest

from tutor.management.commands.transcripts import FOLDER, pages

PAGES = pages()


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_page_is_what_the_tutor_says_today(name: str) -> None:
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name], "run make transcripts, and read what changed"


def test_there_is_a_page_for_each_learner_and_no_other() -> None:
    assert {path.name for path in FOLDER.iterdir()} == set(PAGES)
