"""What to do when a program that some tests need is not installed: say so here, fail in CI."""

from __future__ import annotations

import os
from typing import NoReturn

import pytest

INSTALL = (
    "sudo apt-get install --no-install-recommends chromium fonts-noto-cjk mariadb-server postgresql"
    " odbc-postgresql odbc-mariadb unixodbc nats-server"
)
PATH = "/usr/sbin:/usr/local/sbin:" + os.environ.get("PATH", "/usr/bin:/usr/local/bin")
COMPONENTS = ("MariaDB", "Chromium", "PostgreSQL", "ODBC", "OpenSSH", "NATS")


def component_missing(component: str) -> NoReturn:
    reason = f"{component} is not installed; {INSTALL}"
    if os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name, at the end where it is seen, what was left out and the one line that brings it."""
    skipped = [str(report.longrepr) for report in terminalreporter.getreports("skipped")]
    for component in COMPONENTS:
        count = sum(f"{component} is not installed" in reason for reason in skipped)
        if count:
            terminalreporter.write_line(f"LEFT OUT: {count} tests that need {component}. To run them: {INSTALL}")
