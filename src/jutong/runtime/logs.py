"""Log files of bounded size. Processes append to their file themselves; the supervisor cuts it when it is large.

Copying and truncating, rather than renaming, keeps the file that a running process holds open the one that is
read, and no pipe through the supervisor can block or break a process when the supervisor is gone.
"""

from __future__ import annotations

import logging
import shutil
from pathlib import Path

from jutong.kernel.logs import JsonLineFormatter

LARGEST = 10 * 1024 * 1024
"""Bytes a log file may have before it is cut."""
KEPT = 3
"""Older pieces kept beside it, as ``name.log.1`` (newest) to ``name.log.3``."""


def rotate(path: Path, *, largest: int = LARGEST, kept: int = KEPT) -> bool:
    """Cut a log file that is too large; return whether it was."""
    try:
        if path.stat().st_size <= largest:
            return False
    except FileNotFoundError:
        return False
    for number in range(kept - 1, 0, -1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.replace(path.with_name(f"{path.name}.{number + 1}"))
    copy = path.with_name(f"{path.name}.1")
    shutil.copyfile(path, copy)
    copy.chmod(0o600)
    with path.open("r+b") as file:
        file.truncate(0)
    return True


def tail(path: Path, lines: int = 5, *, start: int = 0) -> str:
    """Return the last lines of a file, read from the byte ``start`` on, at most 64 KiB back."""
    try:
        with path.open("rb") as file:
            file.seek(max(start, path.stat().st_size - 65536))
            text = file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join([line for line in text.splitlines() if line.strip()][-lines:])


def supervisor_log(path: Path, level: str) -> logging.Logger:
    """Return the logger whose lines go to the supervisor's own file."""
    logger = logging.getLogger("jutong.runtime")
    for handler in list(logger.handlers):
        logger.removeHandler(handler)
        handler.close()
    handler = logging.FileHandler(path, encoding="ascii")
    handler.setFormatter(JsonLineFormatter())
    logger.addHandler(handler)
    logger.setLevel(level.upper())
    logger.propagate = False
    return logger
