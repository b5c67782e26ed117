"""Answers as they are really typed, with their wrong neighbours: written down by hand, apart from every generator."""

from __future__ import annotations

from tests.variants.report import typed

ACCEPTED, LOWEST_CLASS = 0.985, 0.95


def test_every_way_of_writing_a_right_answer_is_accepted() -> None:
    report = typed()

    assert report.share() >= ACCEPTED, report.refused
    assert min(report.shares().values()) >= LOWEST_CLASS, report.refused


def test_none_of_their_wrong_neighbours_is() -> None:
    report = typed()

    assert report.wrong_accepts == []
    assert sum(report.wrong.values()) > 500
