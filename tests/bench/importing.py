"""How long it takes to import, check and read a course of ten thousand questions.

``python -m tests.bench.importing [COUNT]``. The banks are made here, a mix of all types that are taken. Figures are
seconds of one processor: an import waits for nothing else.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import track
from rich.table import Table

from tutor import course_rules
from tutor.course_format import read
from tutor.importing.conversion import Reader, Target, convert
from tutor.importing.gift import Gift
from tutor.importing.moodle_xml import MoodleXml

COUNT = 10_000


def gift_bank(count: int) -> str:
    """``count`` questions in GIFT, in topics of a hundred."""
    kinds: list[Callable[[int], str]] = [
        lambda n: f"What is {n} + 7? {{#{n + 7}}}",
        lambda n: f"Which is larger than {n}? {{={n + 5}#Yes ~{n - 5}#Count on ~{n - 9}}}",
        lambda n: f"Number {n} has a name. Which? {{=zebra {n} =zebra number {n}}}",
        lambda n: f"{n} is more than {n - 3}. {{TRUE}}",
        lambda n: f"Match in {n}. {{=cat -> kitten {n} =dog -> puppy {n} =cow -> calf {n}}}",
    ]
    blocks = [f"::q{n}:: {kinds[n % len(kinds)](n)}" for n in range(count)]
    return "\n\n".join(
        f"$CATEGORY: Topic {at // 100}\n\n" + "\n\n".join(blocks[at : at + 100]) for at in range(0, count, 100)
    )


def xml_bank(count: int) -> str:
    """``count`` questions in Moodle XML: numbers and choices with HTML and formulas."""
    text = "<p>What is <b>this</b>: \\(\\frac{{{n}}}{{3}} &lt; {n}\\)? Give {n} + 7.</p>"

    def question(n: int) -> str:
        prompt = f"<questiontext format='html'><text><![CDATA[{text.format(n=n)}]]></text></questiontext>"
        answers = [(n + 7, 100), (n - 7, 0), (n * 3 + 1, 0)]
        if n % 2:
            inside = f"<answer fraction='100'><text>{n + 7}</text><tolerance>0.01</tolerance></answer>"
            return f"<question type='numerical'><name><text>q{n}</text></name>{prompt}{inside}</question>"
        inside = "<single>true</single>" + "".join(
            f"<answer fraction='{share}'><text><![CDATA[<p>{v}</p>]]></text></answer>" for v, share in answers
        )
        return f"<question type='multichoice'><name><text>q{n}</text></name>{prompt}{inside}</question>"

    return "<quiz>" + "".join(question(n) for n in range(1, count + 1)) + "</quiz>"


def measured(name: str, reader: Reader, folder: Path, count: int, table: Table) -> None:
    """Adds the figures of one import to the table."""
    seen: list[str] = []
    began = time.process_time()
    progress = iter(track(range(count), description=name, console=Console(stderr=True), transient=True))
    convert(
        reader,
        Target(id="bench", title=name),
        folder,
        {"source": name},
        lambda outcome: (seen.append(outcome.outcome), next(progress, None)),  # type: ignore[arg-type, func-returns-value]
    )
    imported = time.process_time()
    source = read(folder)
    loaded = time.process_time()
    found = course_rules.findings(source)
    checked = time.process_time()
    refused = seen.count("refused")
    seconds = [f"{span:.1f}" for span in (imported - began, loaded - imported, checked - loaded)]
    table.add_row(name, f"{len(seen):,}", f"{refused:,}", *seconds, str(len(found)))


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    table = Table("bank", "items", "refused", "import (CPU s)", "read (CPU s)", "check (CPU s)", "findings")
    with tempfile.TemporaryDirectory() as folder:
        for name, text, kind in (("GIFT", gift_bank(count), Gift), ("Moodle XML", xml_bank(count), MoodleXml)):
            file = Path(folder, f"{kind.__name__}.txt")
            file.write_text(text, encoding="utf-8")
            measured(name, kind(file), Path(folder, kind.__name__), count, table)
    Console().print(table)


if __name__ == "__main__":
    main()
