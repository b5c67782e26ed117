"""For programs: everything, in a fixed order."""

from __future__ import annotations

from typing import Any

import msgspec

from tutor.evals.report import Report, attack_table, lesson_table


def json(report: Report) -> str:
    """The report as JSON."""
    plain: dict[str, Any] = msgspec.to_builtins(report)
    plain |= {"verdict": report.verdict, "passed": report.passed, "total": len(report.entries), "rate": report.rate}
    plain["regressions"] = report.regressions
    plain["attacks"] = [
        {"family": family, "attack": attack, "format": form, "place": place, **msgspec.to_builtins(cell)}
        for (family, attack, form, place), cell in attack_table(report.entries).items()
    ]
    plain["lessons"] = [
        {"course": course, "learner": learner, **msgspec.to_builtins(figures)}
        for (course, learner), figures in lesson_table(report.entries).items()
    ]
    return msgspec.json.format(msgspec.json.encode(plain), indent=1).decode() + "\n"
