"""What to do when a program that some tests need is not installed: say so here, fail in CI."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

INSTALL = "sudo apt-get install --no-install-recommends chromium mariadb-server fonts-noto-cjk"


def component_missing(program: str) -> NoReturn:
    reason = f"{program} is not installed; {INSTALL}"
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
