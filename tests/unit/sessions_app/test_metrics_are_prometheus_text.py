"""Counters and gauges in Prometheus' text format."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sessions_app import metrics


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = list(metrics.METRICS)
    yield
    metrics.METRICS[:] = before


def test_a_counter_has_a_line_for_each_set_of_labels() -> None:
    counted = metrics.Metric("tutor_tests_total", "counter", "Tests.")
    counted.add(result="ok")
    counted.add(2, result='a "word"\\\n')
    counted.add(result="ok")

    assert counted.lines() == [
        "# HELP tutor_tests_total Tests.",
        "# TYPE tutor_tests_total counter",
        'tutor_tests_total{result="a \\"word\\"\\\\\\n"} 2',
        'tutor_tests_total{result="ok"} 2',
    ]
    assert counted.value(result="ok") == 2


def test_a_gauge_is_read_when_it_is_asked_for() -> None:
    values = iter([3, 4.5])
    metrics.gauge("tutor_now", "Now.", lambda: next(values))

    assert "\ntutor_now 3\n" in metrics.text()
    assert metrics.text().endswith("tutor_now 4.5\n")
