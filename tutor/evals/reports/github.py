"""For GitHub Actions: annotations that its pages show beside a run."""

from __future__ import annotations

from tutor.evals.report import Report

#: GitHub shows ten errors of a step; more would only hide them.
MOST = 10


def github(report: Report) -> str:
    """The report as workflow commands."""
    lines = [_command("error", "Worse than the baseline", regression) for regression in report.regressions]
    failures = list(report.failures())
    lines += [
        _command("error", f"{entry.id} ({result.metric})", result.reason or result.status)
        for entry, result in failures[:MOST]
    ]
    if len(failures) > MOST:
        lines.append(_command("warning", "More failures", f"{len(failures) - MOST} more; see the report"))
    summary = f"{report.passed} of {len(report.entries)} passed ({report.rate:.1%}): {report.verdict}"
    return "\n".join([*lines, _command("notice", report.name, summary)]) + "\n"


def _command(kind: str, title: str, message: str) -> str:
    escaped = _escaped(title).replace(":", "%3A").replace(",", "%2C")
    return f"::{kind} title={escaped}::{_escaped(message)}"


def _escaped(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
