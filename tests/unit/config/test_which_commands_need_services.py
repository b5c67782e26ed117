from __future__ import annotations

import pytest

from config.services.for_command import needs_services

UNSERVED = """
help | help migrate | --help | --version | version | migrate --help | check | check -h | chat | course check
| course check linear-equations | collectstatic
"""
SERVED = (
    "run | migrate | shell | timer_service | check --database default | check --database=default | course load --demo"
)


@pytest.mark.parametrize("line", UNSERVED.split("|"))
def test_a_command_that_touches_no_data_needs_none(line: str) -> None:
    assert not needs_services(["manage.py", *line.split()])


@pytest.mark.parametrize("line", SERVED.split("|"))
def test_every_other_command_needs_them(line: str) -> None:
    assert needs_services(["manage.py", *line.split()])


def test_no_command_at_all_shows_the_help() -> None:
    assert not needs_services(["manage.py"])
