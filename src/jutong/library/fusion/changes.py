"""Which rows of a table differ between two versions, without reading what both consist of."""

# ruff: noqa: S608 - names are quoted and values literals, by engine.sql

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from deltalake.exceptions import DeltaError

from jutong.kernel.errors import JutongError
from jutong.library.engine import DUCKDB, Engine
from jutong.library.engine.delta import files_of
from jutong.library.engine.sql import literal, name

NOTHING = "\x01"
"""Stands for null in a digest."""


def differences(engine: Engine, path: Path, before: int, after: int, fields: Sequence[str], *, called: str) -> bool:
    """Make ``called`` with ``key`` and ``there`` of every row that is new, other or gone; False if that cannot be told.

    Rows are compared by a digest of their fields and of when they were changed.
    """
    if before == after:
        engine.keep(called, "SELECT CAST('' AS VARCHAR) AS key, TRUE AS there WHERE FALSE")
        return True
    try:
        _attach(engine, path, before, after, called)
    except (JutongError, DeltaError):
        return False
    digest = _digest(engine, ["_changed", *fields])
    engine.keep(
        called,
        "SELECT COALESCE(i.key, w.key) AS key, i.key IS NOT NULL AS there FROM "
        f"(SELECT _key AS key, {digest} AS digest FROM {called}_is) AS i FULL OUTER JOIN "
        f"(SELECT _key AS key, {digest} AS digest FROM {called}_was) AS w ON w.key = i.key "
        "WHERE i.key IS NULL OR w.key IS NULL OR i.digest <> w.digest",
    )
    return True


def _attach(engine: Engine, path: Path, before: int, after: int, called: str) -> None:
    """Make what a version has that the other may not readable: rows of files that both have are in both."""
    show = getattr(engine, "attach_files", None)
    if show is None:  # a cluster reads whole versions
        engine.attach(f"{called}_was", path, before)
        engine.attach(f"{called}_is", path, after)
        return
    was, now = files_of(path, before), files_of(path, after)
    for side, one, other in (("was", was, now), ("is", now, was)):
        show(f"{called}_{side}", tuple(sorted(set(one.paths) - set(other.paths))), one.schema)


def _digest(engine: Engine, fields: Sequence[str]) -> str:
    """Return the expression of a 64-bit digest of columns; the two engines' digests differ, and never meet."""
    if engine.name == DUCKDB:
        return f"hash({', '.join(name(field) for field in fields)})"
    # Spark's passes over nulls.
    return (
        "xxhash64("
        + ", ".join(f"COALESCE(CAST({name(field)} AS VARCHAR), {literal(NOTHING)})" for field in fields)
        + ")"
    )
