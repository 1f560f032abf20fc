"""Prints the chapters of docs/processes.md: ``python -m jutong.center.process``."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Print every guarded process as a diagram and a table."""
    import django  # noqa: PLC0415 - Django must be set up before a process registers

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jutong.center.conf")
    django.setup()
    from jutong.center.process.diagram import page  # noqa: PLC0415
    from jutong.center.process.guard import guarded  # noqa: PLC0415

    sys.stdout.write(page(set(guarded().values())))


if __name__ == "__main__":
    main()
