"""The browser of the browser tests."""

from __future__ import annotations

import os
import shutil

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome")


def program() -> str:
    """Where the browser is. Continuous integration must have one, and fails without; elsewhere the test is skipped."""
    found = next((path for path in map(shutil.which, _NAMES) if path is not None), None)
    if found is not None:
        return found
    missing = "Chromium is missing (on Debian: apt-get install chromium)"
    if os.environ.get("CI"):
        pytest.fail(missing)
    # A developer's machine need not have a browser for everything else to be tested.
    pytest.skip(missing)
