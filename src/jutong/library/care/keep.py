"""What was promised of a table's versions: for how many days a replaced one stays readable, and which stay anyway.

The promise lies in the table's folder, where whatever removes files finds it: nothing that tidies may go below it.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path

from deltalake import DeltaTable

from jutong.library.care.whole import write_whole

KEEP = ".jutong.keep"


@dataclass(frozen=True)
class Promise:
    """``pinned`` has versions by whoever relies on them."""

    keep_days: int = 0
    pinned: dict[str, tuple[int, ...]] = field(default_factory=dict)


def promised(path: Path) -> Promise:
    """Return what was promised of a table.

    Raises:
        ValueError: when the file is there but says nothing; then nothing may be removed.
        OSError: when it cannot be read.
    """
    try:
        said = json.loads((path / KEEP).read_bytes())
    except FileNotFoundError:
        return Promise()
    try:
        pinned = {str(who): tuple(int(one) for one in found) for who, found in said["pinned"].items()}
        return Promise(int(said["keep_days"]), pinned)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(KEEP) from error


def promise(path: Path, keep_days: int) -> None:
    """Promise that replaced versions of a table stay readable for so many days from now on."""
    had = promised(path)
    if had.keep_days != keep_days:
        _write(path, Promise(keep_days, had.pinned))


def pin(path: Path, who: str, versions: Collection[int]) -> None:
    """Keep versions readable until ``who`` names others; none lets go of all."""
    had = promised(path)
    wanted = tuple(sorted(versions))
    if had.pinned.get(who, ()) != wanted:
        rest = {name: found for name, found in had.pinned.items() if name != who}
        _write(path, Promise(had.keep_days, rest | ({who: wanted} if wanted else {})))


def pinned_files(path: Path) -> set[str]:
    """Return the names of the files of all pinned versions.

    Raises:
        deltalake.exceptions.DeltaError: when one of them is not in the log.
    """
    found: set[str] = set()
    for version in {version for versions in promised(path).pinned.values() for version in versions}:
        found |= {Path(uri).name for uri in DeltaTable(str(path), version=version).file_uris()}
    return found


def _write(path: Path, told: Promise) -> None:
    write_whole(path / KEEP, json.dumps({"keep_days": told.keep_days, "pinned": told.pinned}).encode())
