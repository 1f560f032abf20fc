"""Which names of a folder hold a table's rows: by pattern, complete by marker, and never one that is not finished."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import PurePosixPath

from jutong.node.files.mapping import FileTable

UNFINISHED = (".tmp", ".part", ".partial", ".filepart", ".crdownload", ".download", ".swp")


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    """Return what a pattern means, as ``Path.glob`` takes it: ``**`` is any folders, ``*`` and ``?`` stay in one."""
    parts = pattern.split("/")
    written = ""
    for at, part in enumerate(parts):
        last = at == len(parts) - 1
        if part == "**":
            written += ".*" if last else "(?:[^/]+/)*"
        else:
            written += _of_part(part) + ("" if last else "/")
    return re.compile(written)


def _of_part(part: str) -> str:
    signs = {"*": "[^/]*", "?": "[^/]"}
    pieces = re.split(r"(\[!?\]?[^\]]*\]|[*?])", part)
    return "".join(
        signs.get(piece, f"[{'^' if piece[1:2] == '!' else ''}{piece[1:-1].lstrip('!')}]")
        if piece in signs or (piece.startswith("[") and piece.endswith("]") and len(piece) > 2)  # noqa: PLR2004
        else re.escape(piece)
        for piece in pieces
    )


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
    fit = [name for name in every if _compiled(table.pattern).fullmatch(name) and not is_hidden(name)]
    if table.marker:
        fit = [name for name in fit if not name.endswith(table.marker) and name + table.marker in every]
    return sorted(fit)
