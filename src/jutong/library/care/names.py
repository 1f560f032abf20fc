"""Tables by their names and folders."""

from __future__ import annotations

from pathlib import Path

from jutong.contracts.library_care import TableName


def name_of(path: Path) -> TableName:
    """Return a table's name by its folder."""
    zone, code, table = path.parts[-3:]
    return TableName.model_validate({"zone": zone, "code": code, "table": table})
