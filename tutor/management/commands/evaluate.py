"""``manage.py evaluate``: what the tutor says, by the hundreds. Needs no database and no key."""

from __future__ import annotations

import contextlib
import os
from argparse import ArgumentParser
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tutor.evals import dataset, endpoint, report, reports, subject, suites
from tutor.evals.endpoint import Endpoint
from tutor.evals.exceptions import EndpointError, EvaluationError
from tutor.evals.judges import panel
from tutor.evals.run import Entry, Journal, Task, run


class Command(BaseCommand):
    help = (
        "Evaluate datasets (YAML or JSON files), or the shipped courses where none is named. Reports only, unless "
        "--threshold, --strict or --baseline says what is a failure."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("datasets", nargs="*", type=Path, help="dataset files")
        parser.add_argument("--provider", help="module:function that makes an output from a case")
        parser.add_argument(
            "--suite", action="append", choices=sorted(suites.SUITES), help="what to evaluate of a course (all of it)"
        )
        parser.add_argument("--course", action="append", help="a shipped course or a folder (every shipped course)")
        parser.add_argument(
            "--model",
            action="store_true",
            help="lessons and attacks with explanations by the model of LLM_BASE_URL and LLM_MODEL; what it takes is "
            "reported per lesson (LLM_PRICE_INPUT, LLM_PRICE_OUTPUT: per million tokens)",
        )
        parser.add_argument("--threshold", type=float, help="share of cases that has to pass, 0 to 1")
        parser.add_argument("--strict", action="store_true", help="every case has to pass")
        parser.add_argument("--baseline", type=Path, help="fail where a metric is worse than in this file")
        parser.add_argument("--save-baseline", type=Path, help="write this run's figures there")
        parser.add_argument("--concurrency", type=int, default=4, help="cases at the same time (4)")
        parser.add_argument("--resume", type=Path, metavar="FILE", help="keep what is done there, and go on from it")
        parser.add_argument("--cache", type=Path, help="folder in which a model's judgements are kept")
        parser.add_argument("--format", choices=sorted(reports.FORMATS), default="text", help="of the printed report")
        parser.add_argument("--output", type=Path, help="folder to write the reports into, in every format")

    def handle(self, **options: Any) -> None:
        try:
            found = self._evaluated(**options)
        except EvaluationError as error:
            raise CommandError(str(error)) from None
        if options["save_baseline"] is not None:
            report.write_baseline(options["save_baseline"], found)
        if options["output"] is not None:
            options["output"].mkdir(parents=True, exist_ok=True)
            for ending, make in reports.FORMATS.values():
                (options["output"] / f"report.{ending}").write_text(make(found), encoding="utf-8")
        self.stdout.write(reports.FORMATS[options["format"]][1](found), ending="")
        if found.verdict == "failed":
            raise CommandError("The evaluation failed; the report says where.")

    def _evaluated(self, **options: Any) -> report.Report:
        tasks = list(self._tasks(**options))
        baseline = report.read_baseline(options["baseline"]) if options["baseline"] else None
        with (
            panel.using(panel.configured(cache=options["cache"])) as judges,
            self._journal(options["resume"], tasks, judges) as journal,
            self._progress(len(tasks)) as progress,
        ):
            entries = run(tasks, concurrency=options["concurrency"], journal=journal, progress=progress)
            judged = any(result.judgements for entry in entries for result in entry.results)
            return report.report(
                "evaluation",
                entries,
                threshold=1.0 if options["strict"] else options["threshold"],
                baseline=baseline,
                self_tests=judges.self_tests() if judged else (),
            )

    def _tasks(self, **options: Any) -> Iterator[Task]:
        make = dataset.provider(options["provider"]) if options["provider"] else None
        model = self._model() if options["model"] else None
        for path in options["datasets"]:
            yield from suites.tasks_of(dataset.load(path), make)
        if options["datasets"] and not (options["suite"] or options["course"]):
            return
        for name in options["course"] or subject.shipped():
            course = subject.course(name)
            if not options["suite"]:
                yield from suites.everything(course, model)
            for suite in options["suite"] or ():
                yield from suites.SUITES[suite](course, model)

    @staticmethod
    def _model() -> Endpoint:
        model = endpoint.from_environment(os.environ, "LLM")
        if model is None:
            raise EndpointError(
                "--model needs LLM_BASE_URL and LLM_MODEL (and LLM_API_KEY, where the endpoint wants one)"
            )
        return model

    @staticmethod
    def _journal(
        path: Path | None, tasks: list[Task], judges: panel.Panel
    ) -> contextlib.AbstractContextManager[Journal | None]:
        if path is None:
            return contextlib.nullcontext()
        return Journal(path, tasks, [judge.name for judge in judges.judges])

    @contextlib.contextmanager
    def _progress(self, total: int) -> Iterator[Callable[[Entry], None]]:
        columns = (TextColumn("evaluating"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[bad]}"))
        console = Console(stderr=True)
        with Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as shown:
            bar = shown.add_task("", total=total, bad="")
            failed = 0

            def progress(entry: Entry) -> None:
                nonlocal failed
                failed += not entry.passed
                shown.update(bar, advance=1, bad=f"{failed} failed" if failed else "")

            yield progress
