"""What a learner wrote may stand in an error; who they are does not stand in a log line."""

from __future__ import annotations

import logging

import pytest

from config.log_lines import Line
from tests.unit.tutor.safety.test_no_request_says_who_the_learner_is import SEEDED


def written(message: str, error: BaseException | None = None) -> str:
    info = (type(error), error, None) if error is not None else None
    record = logging.LogRecord("tools_app", logging.ERROR, __file__, 1, "action=tool.failed error=%s", (message,), info)
    return Line("{asctime} {levelname} {name} {message}", style="{").format(record)


@pytest.mark.parametrize(("text", "secret"), [pair for pair in SEEDED if "https" not in pair[0]])
def test_neither_in_its_message_nor_in_its_traceback(text: str, secret: str) -> None:
    assert secret.casefold() not in written(text).casefold()
    assert secret.casefold() not in written("x", ValueError(text)).casefold()


def test_what_an_operator_needs_stays() -> None:
    line = "session=5f1c7a30-8a3c-4a55-9a2d-6c1f0d5e2b7a call=c12 attempt=3 took=0.125 s url=https://llm.example/v1"

    assert line in written(line)
