"""`jutong library export` and `changed`: rows of the library handed to whoever runs this node, and put on record."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from jutong.cli.library_words import moment, table_folder
from jutong.cli.text import say
from jutong.kernel import settings as jutong_settings
from jutong.kernel.i18n import gettext_noop

A_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("table", metavar="ZONE/CODE/TABLE")
@click.argument("target", type=A_FILE)
@click.option("--as-of", "as_of", help="某日或某时刻的内容，如 2026-11-01 · as it stood at the end of a day, or a time")
@click.option("--version", type=click.IntRange(0), help="第几版的内容 · as of a version")
@click.option("--ground", required=True, help="依据，会存证 · on what ground; it is put on record")
def export(table: str, target: Path, as_of: str | None, version: int | None, ground: str) -> None:
    """导出一张表某时的内容 · write a table as it stood to a .csv or .parquet file, for your eyes only."""
    from jutong.library.care.history import batches, open_version, version_at
    from jutong.library.tables import open_table

    home = jutong_settings.load().home
    path = table_folder(home, table)
    if as_of and version is not None:
        raise click.BadParameter("--as-of --version", param_hint="--version")
    if as_of:
        version = version_at(path, moment(as_of))
    elif version is None:
        version = open_table(path).version()
    files = open_version(path, version)
    _noted(home, "exported", path, files.rows, {"version": version, "ground": ground})
    _write(target, files.schema, batches(files))
    told = gettext_noop("第 {version} 版，{rows} 行，已写入 {file}，只有您可以读。")
    say(told, version=version, rows=f"{files.rows:,}", file=target)


@click.command()
@click.argument("table", metavar="ZONE/CODE/TABLE")
@click.argument("target", type=A_FILE)
@click.option("--from", "first", type=click.IntRange(0), required=True, help="从第几版 · from this version")
@click.option("--to", "last", type=click.IntRange(0), required=True, help="到第几版 · to this version")
@click.option("--key", "keys", multiple=True, required=True, help="主键字段 · a column of the key")
@click.option("--ground", required=True, help="依据，会存证 · on what ground; it is put on record")
def changed(*, table: str, target: Path, first: int, last: int, keys: tuple[str, ...], ground: str) -> None:
    """导出两个版本之间的变化 · write what changed between two versions, with `_change_type`, as Delta tells it."""
    import pyarrow as pa

    from jutong.library.care.changes import changes
    from jutong.library.care.history import open_version
    from jutong.library.drift import shaped

    home = jutong_settings.load().home
    path = table_folder(home, table)
    schema = open_version(path, last).schema
    told = pa.schema([*schema, pa.field("_change_type", pa.string())])
    counted = 0

    def rows(folder: Path) -> Iterable[Any]:
        nonlocal counted
        for kind, batch in changes(path, first, last, keys, folder):
            counted += batch.num_rows
            kinds = pa.array([kind] * batch.num_rows, pa.string())
            yield pa.RecordBatch.from_arrays([*shaped(batch, schema).columns, kinds], schema=told)

    _noted(home, "changes-exported", path, 0, {"first": first, "last": last, "ground": ground})
    with tempfile.TemporaryDirectory(dir=home) as folder:
        _write(target, told, rows(Path(folder)))
    say(gettext_noop("{rows} 行变化，已写入 {file}，只有您可以读。"), rows=f"{counted:,}", file=target)


def _noted(home: Path, what: str, path: Path, rows: int, facts: dict[str, Any]) -> None:
    """Have it stand in the log that somebody reads rows out, before the first one is."""
    from jutong.cli.library import official
    from jutong.kernel.ids import uuid7
    from jutong.node.works.local import note

    record_id = str(uuid7())
    note(home, {
        "record_id": record_id, "kind": what, "agreement_id": record_id, "actor_dept": "library",
        "provider_dept": path.parts[-2], "rows": rows, "table": "/".join(path.parts[-3:]), "official": official(),
        **facts,
    })  # fmt: skip


def _write(target: Path, schema: Any, rows: Iterable[Any]) -> None:
    import pyarrow.csv as pa_csv
    import pyarrow.parquet as pq

    writers: dict[str, Callable[[Any], Any]] = {
        ".csv": lambda stream: pa_csv.CSVWriter(stream, schema),
        ".parquet": lambda stream: pq.ParquetWriter(stream, schema),
    }
    if target.suffix not in writers:
        raise click.BadParameter(str(target), param_hint=".csv .parquet")
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as stream, writers[target.suffix](stream) as writer:
        for batch in rows:
            writer.write_batch(batch)
