"""Brings the registry's tables up to date, in a process of its own so that the supervisor stays small.

Run as ``python -m jutong.cli.prepare [--demo]`` with the registry up. Its last line of output is what a person is
told when it fails.
"""

from __future__ import annotations

import os
import sys

from jutong.kernel import settings as jutong_settings
from jutong.kernel.clock import utc_now
from jutong.kernel.errors import JutongError


def migrate() -> None:
    """Apply what is missing of the tables; each migration happens wholly or not at all."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jutong.center.conf")
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", interactive=False, verbosity=1)


def load_norms() -> None:
    """Take the shipped data elements and code tables into the registry; what is there already is left alone."""
    from jutong.center.norms.actions import load_library, load_shipped_tables
    from jutong.center.org.actor import platform_actor

    by, now = platform_actor("prepare"), utc_now()
    load_library(by=by, now=now)
    load_shipped_tables(by=by, now=now)


def load_demo() -> None:
    """Load the invented city; loading it again changes nothing."""
    from jutong.demo.load import load

    load(jutong_settings.load(), now=utc_now())


def main(arguments: list[str]) -> int:
    """Do what the arguments ask for; return the exit code."""
    try:
        migrate()
        load_norms()
        if "--demo" in arguments:
            load_demo()
    except JutongError as error:
        sys.stderr.write(f"{error.code}: {error.explain()} {error.advise()}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
