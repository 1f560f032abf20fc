"""Runs a supervisor with fake services, as ``jutong up`` runs one with the real.

Run as ``python -m tests.fault.instance [HABIT...]``; home and port come from the environment, and what
prepares the registry from ``PREPARE_CODE``. Prints ``ready``.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from jutong.kernel import settings as jutong_settings
from jutong.kernel.clock import utc_now
from jutong.kernel.errors import JutongError
from jutong.kernel.settings import Settings
from jutong.runtime.services import Service
from jutong.runtime.supervisor import Supervisor

SCRIPT = str(Path(__file__).with_name("fake_service.py"))


def _main() -> int:
    habits = sys.argv[1:]

    def pages(settings: Settings) -> list[str]:
        return [sys.executable, SCRIPT, str(settings.port), *habits]

    def idler(_: Settings) -> list[str]:
        return [sys.executable, "-c", "import signal; signal.pause()"]

    everywhere = frozenset({"all", "center", "node"})
    table = (
        Service("web", "pages", everywhere, pages, lambda settings: settings.port),
        Service("worker", "work", everywhere, idler),
    )
    code = os.environ.get("PREPARE_CODE")
    prepare = [sys.executable, "-c", code] if code else None
    supervisor = Supervisor(jutong_settings.load(), clock=utc_now, say=lambda _: None, table=table, prepare=prepare)
    try:
        supervisor.run(lambda: click.echo("ready"))
    except JutongError as error:
        click.echo(f"{error.code} {error.explain()}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(_main())
