"""The pytest plugin: one line, ``-p tutor.evals.plugin``, in a command or in ``addopts``.

- ``@pytest.mark.tribunal(mode="gate")`` (the default) fails a test at its first violation;
  ``mode="eval"`` takes results down and lets the run's threshold decide at the end.
- ``@pytest.mark.tribunal_dataset("cases.yaml", provider=answer)`` makes one test per row, with the row as ``row`` and
  its results as ``results``; the provider's outputs are made beforehand, ``--tribunal-concurrency`` at a time.
- ``--tribunal-report html,json`` writes what was found; ``--tribunal-baseline`` fails the run where a metric got worse.

A run under pytest-xdist gates in every worker; reports and thresholds need a run in one process.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from tutor.evals import dataset, report, reports
from tutor.evals.case import Case, Result
from tutor.evals.exceptions import EvaluationError
from tutor.evals.judges import panel
from tutor.evals.recording import Mode, Recording, Violation, recording
from tutor.evals.registry import evaluate
from tutor.evals.run import Entry
from tutor.evals.suites import entry

_RECORDING = pytest.StashKey[Recording]()
_ENTRIES = pytest.StashKey[list[Entry]]()
_OUTPUTS = pytest.StashKey[dict[str, Case | BaseException]]()
_REPORT = pytest.StashKey[report.Report]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("tribunal", "evaluation of outputs")
    group.addoption("--tribunal-threshold", type=float, default=None, help="share of evaluated cases that has to pass")
    group.addoption("--tribunal-concurrency", type=int, default=4, help="outputs made at the same time (default 4)")
    group.addoption(
        "--tribunal-report", default="", help=f"reports to write, with commas between: {', '.join(reports.FORMATS)}"
    )
    group.addoption(
        "--tribunal-output", type=Path, default=Path("tribunal"), help="folder of reports (default tribunal)"
    )
    group.addoption("--tribunal-baseline", type=Path, default=None, help="file to compare with; worse is a failure")
    group.addoption("--tribunal-save-baseline", type=Path, default=None, help="write this run's figures as a baseline")
    group.addoption("--tribunal-cache", type=Path, default=None, help="folder in which a model's judgements are kept")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "tribunal(mode='gate'): how failing assertions count, gate or eval")
    config.addinivalue_line("markers", "tribunal_dataset(path, provider=None): one test per row of a dataset")
    config.stash[_ENTRIES] = []
    config.stash[_OUTPUTS] = {}
    unknown = [name for name in _formats(config) if name not in reports.FORMATS]
    if unknown:
        raise pytest.UsageError(
            f"--tribunal-report: there is no report {unknown[0]!r}; there are {list(reports.FORMATS)}"
        )


def _formats(config: pytest.Config) -> list[str]:
    return [name.strip() for name in config.getoption("--tribunal-report").split(",") if name.strip()]


# --- datasets ----------------------------------------------------------------------------------------------------


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    marker = metafunc.definition.get_closest_marker("tribunal_dataset")
    if marker is None:
        return
    path = Path(marker.args[0])
    path = path if path.is_absolute() else metafunc.definition.path.parent / path
    try:
        rows = dataset.load(path).rows
    except EvaluationError as error:
        raise pytest.UsageError(str(error)) from None
    metafunc.parametrize("row", rows, ids=[row.case.id for row in rows])


def pytest_collection_finish(session: pytest.Session) -> None:
    """Make the outputs of all dataset rows that will be tested, several at a time."""
    if session.config.option.collectonly:
        return
    wanted: list[tuple[str, dataset.Row, dataset.Provider]] = []
    for item in session.items:
        marker = item.get_closest_marker("tribunal_dataset")
        provider = marker.kwargs.get("provider") if marker is not None else None
        if provider is not None and isinstance(item, pytest.Function):
            row: dataset.Row = item.callspec.params["row"]  # type: ignore[assignment]
            wanted.append((item.nodeid, row, _provider(provider)))

    def make(one: tuple[str, dataset.Row, dataset.Provider]) -> Case | BaseException:
        _, row, provider = one
        try:
            return msgspec.structs.replace(row.case, output=provider(row.case))
        except Exception as error:
            return error

    with ThreadPoolExecutor(max_workers=max(1, session.config.getoption("--tribunal-concurrency"))) as threads:
        made = threads.map(make, wanted)
        session.config.stash[_OUTPUTS] = {one[0]: case for one, case in zip(wanted, made, strict=True)}


def _provider(named: str | Callable[[Case], str]) -> dataset.Provider:
    return dataset.provider(named) if isinstance(named, str) else named


@pytest.fixture
def results(request: pytest.FixtureRequest, row: dataset.Row) -> list[Result]:
    """The results of a dataset row; in gate mode the test fails here at the first that is no pass."""
    case = request.config.stash[_OUTPUTS].get(request.node.nodeid, row.case)
    if isinstance(case, BaseException):
        raise case
    found = evaluate(case, row.expected)
    for result in found:
        request.node.stash[_RECORDING].take(case, result)
    return found


# --- recording ---------------------------------------------------------------------------------------------------


def _mode(item: pytest.Item) -> Mode:
    marker = item.get_closest_marker("tribunal")
    mode = marker.kwargs.get("mode", *marker.args[:1] or ("gate",)) if marker is not None else "gate"
    if mode not in {"gate", "eval"}:
        raise pytest.UsageError(f"{item.nodeid}: the mode of tribunal is gate or eval, not {mode!r}")
    return "eval" if mode == "eval" else "gate"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    with recording(_mode(item)) as taken:
        item.stash[_RECORDING] = taken
        try:
            return (yield)
        finally:
            item.config.stash[_ENTRIES] += _entries(item, taken)


def _entries(item: pytest.Item, taken: Recording) -> list[Entry]:
    """One entry per case of the test, with all results on it."""
    by_case: dict[int, tuple[Case, list[Result]]] = {}
    for case, result in taken.entries:
        by_case.setdefault(id(case), (case, []))[1].append(result)
    name = item.nodeid if len(by_case) == 1 else f"{item.nodeid}#{{}}"
    return [
        entry(case.id or name.format(number), taken.mode, case, found)
        for number, (case, found) in enumerate(by_case.values(), start=1)
    ]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A violation is told by what was said and why it fails, not by a traceback through this package."""
    made = yield
    if call.excinfo is not None and isinstance(call.excinfo.value, Violation) and made.when == "call":
        made.longrepr = f"{item.nodeid}\n{call.excinfo.value}"
    return made


# --- the end -----------------------------------------------------------------------------------------------------


def pytest_sessionfinish(session: pytest.Session) -> None:
    config = session.config
    entries = config.stash.get(_ENTRIES, [])
    if not entries or hasattr(config, "workerinput"):
        return
    kept: Path | None = config.getoption("--tribunal-baseline")
    try:
        baseline = report.read_baseline(kept) if kept is not None else None
    except EvaluationError as error:
        raise pytest.UsageError(str(error)) from None
    judged = any(result.judgements for one in entries for result in one.results)
    found = report.report(
        "tribunal",
        entries,
        threshold=config.getoption("--tribunal-threshold"),
        baseline=baseline,
        self_tests=panel.current().self_tests() if judged else (),
    )
    config.stash[_REPORT] = found
    saved: Path | None = config.getoption("--tribunal-save-baseline")
    if saved is not None:
        report.write_baseline(saved, found)
    folder: Path = config.getoption("--tribunal-output")
    for name in _formats(config):
        ending, make = reports.FORMATS[name]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"report.{ending}").write_text(make(found), encoding="utf-8")
    if found.verdict == "failed" and session.exitstatus in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    found = config.stash.get(_REPORT, None)
    if found is None or not _worth_telling(config, found):
        return
    terminalreporter.section("tribunal")
    terminalreporter.write(reports.text(found))


def _worth_telling(config: pytest.Config, found: report.Report) -> bool:
    """A run of gates that all passed says so by its tests."""
    asked = config.getoption("--tribunal-threshold") is not None or bool(_formats(config))
    return asked or found.verdict == "failed" or any(one.suite == "eval" for one in found.entries)
