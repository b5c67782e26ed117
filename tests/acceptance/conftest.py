"""Real processes for acceptance tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests import chromium
from tests.acceptance.live_system import LiveSystem
from tests.temporary_data import temporary_data_folder


def _started() -> Iterator[LiveSystem]:
    with temporary_data_folder() as data:
        system = LiveSystem(data)
        try:
            system.start()
            yield system
        finally:
            system.end()


@pytest.fixture
def live_system() -> Iterator[LiveSystem]:
    """A whole system of its own for one test."""
    yield from _started()


@pytest.fixture(scope="module")
def shared_live_system() -> Iterator[LiveSystem]:
    """One whole system for the tests of a module, which leave it running."""
    yield from _started()


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser's program. Continuous integration must have one; elsewhere browser tests need it installed."""
    return chromium.program()
