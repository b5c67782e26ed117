"""What this process counts, for ``/metrics``: Prometheus' text format, without a library.

A counter is an addition to a number. Every web process tells of itself; whoever collects adds them up.
"""

from __future__ import annotations

from collections import Counter as Numbers
from collections.abc import Callable

_Labels = tuple[tuple[str, str], ...]


class Metric:
    """A named number, or one for each set of labels."""

    def __init__(self, name: str, kind: str, words: str, read: Callable[[], float] | None = None) -> None:
        self.name, self._kind, self._words, self._read = name, kind, words, read
        self._values: Numbers[_Labels] = Numbers()
        METRICS.append(self)

    def add(self, amount: int = 1, **labels: str) -> None:
        """Count."""
        self._values[tuple(labels.items())] += amount

    def value(self, **labels: str) -> int:
        """What was counted."""
        return self._values[tuple(labels.items())]

    def lines(self) -> list[str]:
        """In the text format."""
        lines = [f"# HELP {self.name} {self._words}", f"# TYPE {self.name} {self._kind}"]
        if self._read is not None:
            return [*lines, f"{self.name} {self._read():g}"]
        for labels, value in sorted(self._values.items()):
            inside = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels)
            lines.append(f"{self.name}{{{inside}}} {value}" if inside else f"{self.name} {value}")
        return lines


METRICS: list[Metric] = []


def gauge(name: str, words: str, read: Callable[[], float]) -> Metric:
    """A number that is read when somebody asks."""
    return Metric(name, "gauge", words, read)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def text() -> str:
    """All of them."""
    return "\n".join(line for metric in METRICS for line in metric.lines()) + "\n"


COMMANDS = Metric("tutor_commands_total", "counter", "Commands by type and result: ok, or the error's code.")
FRAMES = Metric("tutor_frames_sent_total", "counter", "Frames sent over WebSockets.")
BYTES = Metric("tutor_frame_bytes_sent_total", "counter", "Their bytes.")
CLOSED = Metric("tutor_sockets_closed_total", "counter", "Sockets that the server closed, by code.")
LIMITED = Metric("tutor_rate_limited_total", "counter", "What was refused by a rate limit, by the limit's name.")
VIOLATIONS = Metric(
    "tutor_stream_violations_total", "counter", "Frames that broke the protocol's grammar (debug only)."
)
