"""Work ``serve``: brings the copy in a database up to the newest version of a table of the library.

The copy's line in the book of the database says which version it holds and which work brought it there; it changes in
the transaction that changes the rows, so a work that is begun anew finds what it did. Only files that one of both
versions has and the other has not are read for what changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from jutong.contracts.copies import ServeOrder, ServeResult
from jutong.library.digest import ContentDigest
from jutong.library.engine import Engine
from jutong.library.engine.delta import Files, files_of
from jutong.library.engine.errors import TableTouchedError
from jutong.library.engine.sql import alike, name, names, same
from jutong.library.tables import table_path
from jutong.library.works import Place, Tell
from jutong.node import sources
from jutong.node.copies.errors import CopyColumnError
from jutong.node.copies.postgres import Copied, CopyTable, Held
from jutong.node.copies.registry import remember

BATCH_ROWS = 65_536
READ, COPY, COMPARE = "read", "copy", "compare"


def run(order: ServeOrder, place: Place, tell: Tell) -> ServeResult:
    """Carry it out.

    Raises:
        TableUnknownError: when the library has no such table.
        SourceUnknownError, WriteForbiddenError: the database is none that may be written.
        CopyTakenError, CopyColumnError, CopyDiffersError: see there.
        TargetLostError, TargetRefusedError: as the database says.
    """
    tell(READ, 0, 0)
    into = sources.pick(sources.load(place.home / sources.FILE), order.source)
    path = _path(order, place)
    with CopyTable(order, into, place.work_id) as copy:
        held = copy.held()
        if held is not None and held.work_id == place.work_id:
            remember(place.home, order)
            return ServeResult.model_validate(held.result)
        now = files_of(path)
        _check_columns(order, now.schema)
        compared = differed = False
        if order.mode == "check" and held is not None and held.shape == copy.shape(now.schema):
            was = files_of(path, held.version)
            tell(COMPARE, 0, was.rows)
            compared, differed = True, copy.digest(was.schema, tell) != _digest(was, place, tell)
        if order.mode == "full" or differed or held is None or held.shape != copy.shape(now.schema):
            done = _full(copy, now, place, tell)
            full = True
        else:
            done, full = _changes(copy, held, now, place, tell)
        former = held.version if held is not None else -1
        result = ServeResult(
            source=order.source, schema_name=order.schema_name, target=order.target, version=now.version,
            former=former, full=full, rows=done.rows, inserted=done.inserted, updated=done.updated,
            deleted=done.deleted, digest=done.digest, compared=compared or full, differed=differed,
        )  # fmt: skip
        copy.commit(Held(place.work_id, now.version, done.rows, done.digest, copy.shape(now.schema),
                         result.model_dump(mode="json")))  # fmt: skip
    remember(place.home, order)
    return result


def _path(order: ServeOrder, place: Place) -> Path:
    return table_path(place.library, order.zone, order.library, order.table)


def _check_columns(order: ServeOrder, schema: pa.Schema) -> None:
    wanted = [*order.keys, *(column for columns in order.lookups for column in columns)]
    missing = sorted({column for column in wanted if column not in schema.names})
    if missing:
        raise CopyColumnError(table=f"{order.library}.{order.table}", columns="、".join(missing))


def _full(copy: CopyTable, now: Files, place: Place, tell: Tell) -> Copied:
    with place.engine() as engine:
        _attach(engine, "now", now, now.paths)
        rows = engine.batches(f"SELECT {names(now.schema.names)} FROM now", BATCH_ROWS)  # noqa: S608
        copy.stage(now.schema)
        sent = copy.fill(_cast(rows, now.schema), now.rows, tell)
    return copy.replace(sent, now.rows)


def _changes(copy: CopyTable, held: Held, now: Files, place: Place, tell: Tell) -> tuple[Copied, bool]:
    """Bring what differs between two versions; all of it where the former can no longer be read."""
    if now.version == held.version:
        return copy.untouched(held), False
    try:
        was = files_of(_path(copy.order, place), held.version)
    except TableTouchedError:  # its files were cleared away
        return _full(copy, now, place, tell), True
    keys = copy.order.keys
    columns = now.schema.names
    with place.engine() as engine:
        _attach(engine, "now", now, sorted(set(now.paths) - set(was.paths)))
        _attach(engine, "was", Files(was.version, now.schema, was.paths, was.rows),
                sorted(set(was.paths) - set(now.paths)))  # fmt: skip
        listed = names(columns, "n")
        differs = f"NOT ({alike(columns, 'n', 'w')})"
        engine.keep(
            "came",
            f"SELECT {listed} FROM now AS n LEFT JOIN was AS w ON {same(keys, 'n', 'w')}"  # noqa: S608
            f" WHERE w.{name(keys[0])} IS NULL OR {differs}",
        )
        engine.keep(
            "gone",
            f"SELECT {names(keys, 'w')} FROM was AS w WHERE NOT EXISTS"  # noqa: S608
            f" (SELECT 1 FROM now AS n WHERE {same(keys, 'n', 'w')})",
        )
        ((came,),) = engine.rows("SELECT CAST(count(*) AS BIGINT) AS n FROM came")
        before = ContentDigest(now.schema)  # of the rows that are changed or gone, as they were
        touched = (
            f"SELECT {names(columns, 'w')} FROM was AS w WHERE EXISTS (SELECT 1 FROM came AS c"  # noqa: S608
            f" WHERE {same(keys, 'c', 'w')}) OR EXISTS (SELECT 1 FROM gone AS g WHERE {same(keys, 'g', 'w')})"
        )
        for batch in _cast(engine.batches(touched, BATCH_ROWS), now.schema):
            before.update(batch)
        copy.stage(now.schema)
        rows = engine.batches(f"SELECT {names(columns)} FROM came", BATCH_ROWS)  # noqa: S608
        sent = copy.fill(_cast(rows, now.schema), came, tell)
        key_schema = pa.schema([now.schema.field(key) for key in keys])
        gone = engine.batches(f"SELECT {names(keys)} FROM gone", BATCH_ROWS)  # noqa: S608
        return copy.merge(sent, _cast(gone, key_schema), before, held, now.rows), False


def _attach(engine: Engine, called: str, files: Files, paths: Sequence[Path]) -> None:
    """Make files readable; an engine elsewhere reads the table's version and finds the rest of it unchanged."""
    attach = getattr(engine, "attach_files", None)
    if attach is not None:
        attach(called, tuple(paths), files.schema)
    else:
        engine.attach(called, files.paths[0].parent, files.version)


def _cast(rows: pa.RecordBatchReader, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for batch in rows:
        arrays = [batch.column(field.name).cast(field.type) for field in schema]
        yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _digest(files: Files, place: Place, tell: Tell) -> str:
    digest = ContentDigest(files.schema)
    with place.engine() as engine:
        _attach(engine, "was", files, files.paths)
        for batch in _cast(engine.batches(f"SELECT {names(files.schema.names)} FROM was", BATCH_ROWS), files.schema):  # noqa: S608
            digest.update(batch)
            tell(COMPARE, digest.rows, files.rows)
    return digest.text()
