"""The bars of ``make check-variants``, on a sample: right answers in every writing pass, wrong ones in none."""

from __future__ import annotations

from tests.variants.report import run


def test_right_answers_are_accepted_however_they_are_written_and_wrong_ones_never() -> None:
    report = run(12, seed=2)

    assert report.wrong_accepts == []
    assert report.share() >= 0.985, report.refused
    assert report.percentile(0.95) <= 0.005
