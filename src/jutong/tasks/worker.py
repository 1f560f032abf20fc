"""The background process: ``python -m jutong.tasks.worker``."""

from __future__ import annotations

import importlib
import os

import django


def main() -> None:
    """Set Django up, then work; the loop's module names models and can only be read after that."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jutong.center.conf")
    django.setup()
    importlib.import_module("jutong.tasks.loop").run()


if __name__ == "__main__":
    main()
