"""The system's Chromium, which Playwright drives; no test downloads a browser."""

from __future__ import annotations

import shutil

import pytest

from tests.plugins.missing import PATH, component_missing


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the browser program."""
    found = shutil.which("chromium", path=PATH)
    if found is None:
        component_missing("Chromium")
    return found
