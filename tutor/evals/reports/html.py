"""For people who read: one page with figures, the table of attacks and every transcript. Needs no network.

Texts of learners and models are shown as text, never as HTML.
"""

from __future__ import annotations

from html import escape
from pathlib import Path

from tutor.evals.case import Result
from tutor.evals.descriptions import describe
from tutor.evals.report import Cell, LessonFigures, MetricSummary, Report, attack_table, lesson_table
from tutor.evals.run import Entry

_STYLE = Path(__file__).with_name("report.css")
_SCRIPT = Path(__file__).with_name("report.js")


def html(report: Report) -> str:
    """The report as one HTML page."""
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        '<meta name="color-scheme" content="light dark">'
        f"<title>{escape(report.name)}: {report.verdict}</title><style>{_STYLE.read_text()}</style></head><body>"
        f"{_head(report)}<main>{_regressions(report)}{_metrics(report.metrics)}{_lessons(report)}{_attacks(report)}{_judges(report)}"
        f"{_entries(report)}</main><script>{_SCRIPT.read_text()}</script></body></html>\n"
    )


def _head(report: Report) -> str:
    failed = len(report.entries) - report.passed
    wanted = "" if report.threshold is None else f'<span class="quiet">threshold {report.threshold:.0%}</span>'
    return (
        f'<header class="{report.verdict}"><h1>{escape(report.name)}</h1><p class="verdict">{report.verdict}</p>'
        f"<dl><div><dt>cases</dt><dd>{len(report.entries)}</dd></div><div><dt>passed</dt><dd>{report.rate:.1%}</dd></div>"
        f"<div><dt>failed</dt><dd>{failed}</dd></div></dl>{wanted}</header>"
    )


def _regressions(report: Report) -> str:
    if not report.regressions:
        return ""
    items = "".join(f"<li>{escape(line)}</li>" for line in report.regressions)
    return f'<section class="alert"><h2>Worse than the baseline</h2><ul>{items}</ul></section>'


def _metrics(metrics: list[MetricSummary]) -> str:
    rows = "".join(
        f'<tr class="{"bad" if one.regressed else "some" if one.passed < one.total else "good"}"><th scope="row">'
        f"{escape(one.metric)}<small>{escape(describe(one.metric))}</small></th>"
        f'<td class="number">{one.passed}/{one.total}</td><td class="number">{one.rate:.1%}</td>'
        f'<td><meter min="0" max="1" value="{one.rate}">{one.rate:.1%}</meter></td>'
        f'<td class="number">{"" if one.score is None else f"{one.score:.3f}"}</td>'
        f'<td class="number">{"" if one.baseline is None else f"{one.baseline:.1%}"}</td></tr>'
        for one in metrics
    )
    return (
        '<section><h2>Metrics</h2><div class="wide"><table><thead><tr><th>metric</th><th>passed</th>'
        f"<th>share</th><th></th><th>mean score</th><th>baseline</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div></section>"
    )


def _lessons(report: Report) -> str:
    table = lesson_table(report.entries)
    if not table:
        return ""
    rows = "".join(_lesson(course, learner, figures) for (course, learner), figures in table.items())
    return (
        "<section><h2>Whole lessons</h2><p>Scripted learners take a course from its first word to its end. Turns, "
        'tokens and cost are those of an average lesson.</p><div class="wide"><table><thead><tr><th>course</th>'
        '<th class="text">learner</th><th>lessons</th><th>finished</th><th>violations</th><th>turns</th>'
        f"<th>tokens in</th><th>tokens out</th><th>cost</th></tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _lesson(course: str, learner: str, one: LessonFigures) -> str:
    numbers = [
        f"{one.lessons}",
        f"{one.finished}",
        f"{one.violations}",
        f"{one.turns:.1f}",
        f"{one.input_tokens:.0f}",
        f"{one.output_tokens:.0f}",
        "–" if one.cost is None else f"{one.cost:.4f}",
    ]
    cells = "".join(f'<td class="number">{number}</td>' for number in numbers)
    status = "good" if one.finished == one.lessons and not one.violations else "bad"
    who = escape(learner.replace("_", " "))
    return f'<tr class="{status}"><td>{escape(course)}</td><th scope="row">{who}</th>{cells}</tr>'


def _attacks(report: Report) -> str:
    table = attack_table(report.entries)
    if not table:
        return ""
    places, formats = sorted({key[3] for key in table}), sorted({key[2] for key in table})
    head = "".join(f'<th colspan="{len(formats)}">{escape(place.replace("_", " "))}</th>' for place in places)
    second = "".join(f"<th>{escape(form.replace('_', ' '))}</th>" for _ in places for form in formats)
    rows = ""
    for family, attack in sorted({key[:2] for key in table}):
        cells = "".join(_cell(table.get((family, attack, form, place))) for place in places for form in formats)
        rows += f'<tr><th scope="row">{escape(family)}: {escape(attack.replace("_", " "))}</th>{cells}</tr>'
    return (
        "<section><h2>Attacks</h2><p>Attack × where it was planted × kind of question. 0: it achieved nothing in "
        "so many tries; otherwise verdicts flipped, mastery changed, answers told and tools called.</p>"
        f'<div class="wide"><table class="attacks"><thead><tr><th rowspan="2">attack</th>{head}</tr>'
        f"<tr>{second}</tr></thead><tbody>{rows}</tbody></table></div></section>"
    )


def _cell(cell: Cell | None) -> str:
    if cell is None:
        return '<td class="none">–</td>'
    if not (cell.flips or cell.mastery or cell.leaks or cell.tools):
        return f'<td class="held">0<small> of {cell.attacks}</small></td>'
    achieved = f"{cell.flips} flips, {cell.mastery} mastery, {cell.leaks} leaks, {cell.tools} tools"
    return f'<td class="broken">{achieved}<small> of {cell.attacks}</small></td>'


def _judges(report: Report) -> str:
    if not report.self_tests:
        return ""
    tests = "".join(
        f"<li><strong>{escape(one.judge)}</strong>: {one.right} of {one.total} known answers right; "
        f"{'its verdicts count' if one.passed else 'its verdicts do not count'}"
        + (
            f"<details><summary>mistakes</summary>{''.join(f'<p>{escape(m)}</p>' for m in one.mistakes)}</details>"
            if one.mistakes
            else ""
        )
        + "</li>"
        for one in report.self_tests
    )
    usage = report.usage
    cost = "" if usage.judge_cost is None else f", cost {usage.judge_cost:.4f}"
    paid = f"{usage.judgements} judgements, {usage.judge_input_tokens} + {usage.judge_output_tokens} tokens{cost}; "
    return f"<section><h2>Judges</h2><ul>{tests}</ul><p>{paid}{usage.disagreements} disagreements.</p></section>"


def _entries(report: Report) -> str:
    shown = "".join(_entry(entry) for entry in report.entries)
    suites = "".join(f"<option>{escape(suite)}</option>" for suite in sorted({entry.suite for entry in report.entries}))
    return (
        '<section><h2>Cases</h2><form class="filter"><label>Show <select name="status"><option value="">all</option>'
        '<option value="failed">failed only</option></select></label> <label>of <select name="suite">'
        f'<option value="">every suite</option>{suites}</select></label> '
        '<label>with <input type="search" name="text" placeholder="any text"></label>'
        f' <output></output></form><div class="entries">{shown}</div></section>'
    )


def _entry(entry: Entry) -> str:
    status = "passed" if entry.passed else "failed"
    lines = "".join(
        f'<div class="line {line.who}"><b>{line.who}</b><p>{escape(line.text)}</p></div>' for line in entry.lines
    )
    results = "".join(_result(result) for result in entry.results)
    return (
        f'<details class="entry {status}" data-suite="{escape(entry.suite)}"><summary><span class="mark">'
        f"{'✓' if entry.passed else '✗'}</span> {escape(entry.id)}</summary>"
        f'<ul class="results">{results}</ul>{lines}</details>'
    )


def _result(result: Result) -> str:
    judged = "".join(
        f"<li>{escape(one.judge)}: {escape(one.error or f'{one.label}, {one.score:.2f}: {one.reason}')}"
        f"{'' if one.counts else ' (not counted)'}</li>"
        for one in result.judgements
    )
    reason = f": {escape(result.reason)}" if result.reason else ""
    listed = f"<ul>{judged}</ul>" if judged else ""
    return f'<li class="{result.status}"><b>{escape(result.metric)}</b>{reason}{listed}</li>'
