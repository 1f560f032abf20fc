"""Which table of the library stands behind which table of a database, for whoever serves the one as the other."""

from __future__ import annotations

import json
from pathlib import Path

from jutong.contracts.copies import ServeOrder
from jutong.node.exchange.jobs import write_whole

FILE = ("node", "copies.json")
Place = tuple[str, str, str]
"""Source, schema and table."""


def remember(home: Path, order: ServeOrder) -> None:
    """Keep that a copy is there."""
    path = home.joinpath(*FILE)
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    known = _rows(path)
    known[f"{order.source}/{order.schema_name}/{order.target}"] = [order.zone, order.library, order.table]
    write_whole(path, json.dumps(known, sort_keys=True), durable=True)


class CopiesKnown:
    """The copies of this node, read again when their file has changed.

    Args:
        home: the instance's data folder.
    """

    def __init__(self, home: Path) -> None:
        self._path = home.joinpath(*FILE)
        self._seen = -1
        self._known: dict[str, list[str]] = {}

    def original(self, place: Place) -> tuple[str, str, str] | None:
        """Return zone, library and table that a table of a database is the copy of."""
        try:
            seen = self._path.stat().st_mtime_ns
        except FileNotFoundError:
            return None
        if seen != self._seen:
            self._seen, self._known = seen, _rows(self._path)
        found = self._known.get("/".join(place))
        return (found[0], found[1], found[2]) if found else None


def _rows(path: Path) -> dict[str, list[str]]:
    try:
        found: dict[str, list[str]] = json.loads(path.read_bytes())
    except FileNotFoundError:
        return {}
    return found
