"""For people in a terminal."""

from __future__ import annotations

from tutor.evals.report import MetricSummary, Report, attack_table, lesson_table

#: Failures told in full; the JSON and HTML reports have all of them.
MOST = 20
_BAR = 20


def text(report: Report) -> str:
    """The report as plain text."""
    failed = len(report.entries) - report.passed
    parts = [
        f"{report.name}: {len(report.entries)} cases, {report.passed} passed ({report.rate:.1%}), {failed} failed",
        _metrics(report.metrics),
        _attacks(report),
        _lessons(report),
        _judges(report),
        _failures(report),
    ]
    if report.regressions:
        parts.append("Worse than the baseline\n" + "\n".join(f"  {line}" for line in report.regressions))
    wanted = "" if report.threshold is None else f" (threshold {report.threshold:.0%})"
    parts.append(f"{report.verdict.upper()}{wanted}")
    return "\n\n".join(part for part in parts if part) + "\n"


def _metrics(metrics: list[MetricSummary]) -> str:
    width = max((len(one.metric) for one in metrics), default=0)
    lines = ["By metric"]
    for one in metrics:
        bar = "█" * round(one.rate * _BAR)
        more = f"  mean {one.score:.3f}" if one.score is not None else ""
        more += f"  errors {one.errors}" if one.errors else ""
        more += f"  baseline {one.baseline:.1%}{' ▼' if one.regressed else ''}" if one.baseline is not None else ""
        lines.append(
            f"  {one.metric:<{width}}  {one.passed:>6}/{one.total:<6} {one.rate:>7.1%}  {bar:<{_BAR}}{more}".rstrip()
        )
    return "\n".join(lines) if metrics else ""


def _attacks(report: Report) -> str:
    table = attack_table(report.entries)
    if not table:
        return ""
    places = sorted({key[3] for key in table})
    lines = ["Attacks that achieved something, of all (flips + mastery + leaks + tools), by place"]
    lines.append("  " + " " * 38 + "".join(f"{place:>15}" for place in places))
    for family, attack in sorted({key[:2] for key in table}):
        cells = []
        for place in places:
            here = [cell for key, cell in table.items() if key[:2] == (family, attack) and key[3] == place]
            achieved = sum(cell.flips + cell.mastery + cell.leaks + cell.tools for cell in here)
            cells.append(f"{achieved}/{sum(cell.attacks for cell in here)}" if here else "–")
        lines.append(f"  {f'{family}: {attack}':<38}" + "".join(f"{cell:>15}" for cell in cells))
    return "\n".join(lines)


def _lessons(report: Report) -> str:
    table = lesson_table(report.entries)
    if not table:
        return ""
    lines = ["Whole lessons, by course and learner (means of a lesson)"]
    lines.append(
        f"  {'':<34}{'lessons':>8}{'finished':>10}{'violations':>12}{'turns':>8}{'tokens in + out':>20}{'cost':>10}"
    )
    for (course, learner), one in table.items():
        tokens = f"{one.input_tokens:.0f} + {one.output_tokens:.0f}"
        cost = "–" if one.cost is None else f"{one.cost:.4f}"
        lines.append(
            f"  {f'{course}: {learner}':<34}{one.lessons:>8}{one.finished:>10}{one.violations:>12}{one.turns:>8.1f}"
            f"{tokens:>20}{cost:>10}"
        )
    return "\n".join(lines)


def _judges(report: Report) -> str:
    lines = []
    for one in report.self_tests:
        said = "its verdicts count" if one.passed else "NOT COUNTED"
        lines.append(f"  {one.judge}: {one.right}/{one.total} of the self-test; {said}")
    usage = report.usage
    if usage.judge_input_tokens or usage.judge_output_tokens:
        cost = f", cost {usage.judge_cost:.4f}" if usage.judge_cost is not None else ""
        lines.append(
            f"  {usage.judgements} judgements, {usage.judge_input_tokens} + {usage.judge_output_tokens} tokens{cost}, "
            f"{usage.disagreements} disagreements"
        )
    return "\n".join(["Judges", *lines]) if lines else ""


def _failures(report: Report) -> str:
    failures = list(report.failures())
    if not failures:
        return ""
    lines = ["Failed"]
    for entry, result in failures[:MOST]:
        reason = " ".join((result.reason or result.status).split())
        lines.append(f"  {entry.id}\n    {result.metric}: {reason if len(reason) < 300 else reason[:300] + '…'}")
    if len(failures) > MOST:
        lines.append(f"  … and {len(failures) - MOST} more in the other reports")
    return "\n".join(lines)
