"""Which names of a folder hold a table's rows: by pattern, complete by marker, and never one that is not finished."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from jutong.node.files.mapping import FileTable

UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".swp")


def _fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    """Tell whether a name fits, as ``Path.glob`` takes it: ``**`` is any folders, ``*`` and ``?`` stay in one."""
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_fits(parts[skipped:], pattern[1:]) for skipped in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _fits(parts[1:], pattern[1:])


def below(pattern: str) -> str:
    """Return the folder that everything of a pattern is in."""
    parts = pattern.split("/")[:-1]
    plain = next((at for at, part in enumerate(parts) if set("*?[") & set(part)), len(parts))
    return "/".join(parts[:plain])


def is_hidden(name: str) -> bool:
    """Tell whether a name is passed over: hidden, an office program's lock, or not finished."""
    path = PurePosixPath(name)
    return any(part.startswith((".", "~$")) for part in path.parts) or path.suffix.lower() in UNFINISHED


def matching(names: Iterable[str], table: FileTable) -> list[str]:
    """Return the names that hold a table's rows, in order.

    Args:
        names: of all files below the folder of the pattern.
        table: the mapping.
    """
    every = set(names)
    pattern = table.pattern.split("/")
    fit = [name for name in every if _fits(name.split("/"), pattern) and not is_hidden(name)]
    if table.marker:
        fit = [name for name in fit if not name.endswith(table.marker) and name + table.marker in every]
    return sorted(fit)
