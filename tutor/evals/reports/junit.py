"""For continuous integration: one test case per entry."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from tutor.evals.report import Report

#: What XML 1.0 cannot carry at all.
_UNPRINTABLE = re.compile(r"[^\t\n\r\x20-\uD7FF\uE000-\uFFFD\U00010000-\U0010FFFF]")


def junit(report: Report) -> str:
    """The report as JUnit XML."""
    failures = [entry for entry in report.entries if any(result.status == "failed" for result in entry.results)]
    errors = [entry for entry in report.entries if any(result.status == "error" for result in entry.results)]
    suites = ElementTree.Element("testsuites")
    attributes = {"name": report.name, "tests": len(report.entries), "failures": len(failures), "errors": len(errors)}
    suite = ElementTree.SubElement(
        suites, "testsuite", {name: _clean(str(value)) for name, value in attributes.items()}
    )
    for entry in report.entries:
        case = ElementTree.SubElement(suite, "testcase", {"classname": _clean(entry.suite), "name": _clean(entry.id)})
        for result in entry.results:
            if result.passed:
                continue
            kind = "error" if result.status == "error" else "failure"
            told = ElementTree.SubElement(case, kind, {"message": _clean(f"{result.metric}: {result.reason}")})
            told.text = _clean("\n".join(f"{line.who}: {line.text}" for line in entry.lines[-12:]))
    for regression in report.regressions:
        case = ElementTree.SubElement(suite, "testcase", {"classname": "baseline", "name": _clean(regression)})
        ElementTree.SubElement(case, "failure", {"message": _clean(regression)})
    ElementTree.indent(suites)
    return ElementTree.tostring(suites, encoding="unicode", xml_declaration=True) + "\n"


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub("\ufffd", text)
