"""Tables with encrypted cells, opened by the recipient: CSV, JSON lines and Parquet, row by row."""

from __future__ import annotations

import base64
import binascii
import csv
import json
import os
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from jutong.client.errors import CellKeyFileError, CellUnreadableError
from jutong.kernel.cells import KEY_BYTES, PREFIX, CellKey, UnreadableCellError

ENCODINGS = ("utf-8-sig", "gb18030")
BATCH = 16_384


def write_key(path: Path, key: CellKey) -> None:
    """Keep a key in a file nobody else may read (mode 0600)."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        json.dump({"agreement": key.agreement, "key": base64.b64encode(key.key).decode()}, stream, ensure_ascii=False)


def read_key(path: Path) -> CellKey:
    """Return the key that ``write_key`` kept.

    Raises:
        CellKeyFileError: if there is none in the file.
    """
    try:
        said = json.loads(path.read_bytes())
        key = base64.b64decode(said["key"], validate=True)
        agreement = str(said["agreement"])
    except (ValueError, KeyError, TypeError, binascii.Error) as error:
        raise CellKeyFileError(file=path.name) from error
    if len(key) != KEY_BYTES:
        raise CellKeyFileError(file=path.name)
    return CellKey(key, agreement)


class Opener:
    """Opens the cells of one table and counts them.

    Args:
        key: the agreement's.
        columns: those to open; empty for every cell that looks encrypted.
    """

    def __init__(self, key: CellKey, columns: Collection[str] = ()) -> None:
        self._key = key
        self._columns = frozenset(columns)
        self.cells = self.rows = 0

    def row(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row with its cells opened.

        Raises:
            CellUnreadableError: naming row and column, never the cell.
        """
        self.rows += 1
        return {name: self._value(name, value) for name, value in row.items()}

    def _value(self, name: str, value: Any) -> Any:
        wanted = name in self._columns or not self._columns
        if not wanted or not isinstance(value, str) or not value.startswith(PREFIX):
            return value
        try:
            opened = self._key.open(value)
        except UnreadableCellError as error:
            agreement = self._key.agreement
            raise CellUnreadableError(row=self.rows, column=name[:80], agreement=agreement) from error
        self.cells += 1
        return opened


def open_file(source: Path, target: Path, opener: Opener) -> None:
    """Write a table with its cells opened; it gets to its place whole or not at all.

    Args:
        source: CSV, JSON lines (``.jsonl``) or Parquet, told by its ending.
        target: of the same kind; mode 0600.
        opener: opens the cells.

    Raises:
        CellUnreadableError: naming row and column; nothing is written.
        OSError, ValueError: a file that cannot be read as what its ending says.
    """
    kinds: dict[str, Callable[[Path, Path, Opener], None]] = {".jsonl": _jsonl, ".parquet": _parquet}
    fresh = target.with_name(target.name + ".part")
    os.close(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        kinds.get(source.suffix.lower(), _csv)(source, fresh, opener)
        fresh.rename(target)
    finally:
        fresh.unlink(missing_ok=True)


def _csv(source: Path, fresh: Path, opener: Opener) -> None:
    with (
        source.open(encoding=_encoding(source), newline="") as given,
        fresh.open("w", encoding="utf-8-sig", newline="") as made,
    ):
        rows = csv.reader(given)
        names = next(rows)
        writer = csv.writer(made)
        writer.writerow(names)
        for row in rows:
            opened = opener.row(dict(zip(names, row, strict=True)))
            writer.writerow(opened.values())


def _encoding(path: Path) -> str:
    for encoding in ENCODINGS[:-1]:
        with path.open("rb") as stream:
            try:
                for _ in _decoded(stream.readlines(1 << 20), encoding):
                    pass
            except UnicodeDecodeError:
                continue
            return encoding
    return ENCODINGS[-1]


def _decoded(lines: list[bytes], encoding: str) -> Iterator[str]:
    return (line.decode(encoding) for line in lines)


def _jsonl(source: Path, fresh: Path, opener: Opener) -> None:
    with source.open(encoding="utf-8-sig") as given, fresh.open("w", encoding="utf-8") as made:
        for line in given:
            if line.strip():
                made.write(json.dumps(opener.row(json.loads(line)), ensure_ascii=False) + "\n")


def _parquet(source: Path, fresh: Path, opener: Opener) -> None:
    import pyarrow as pa  # noqa: PLC0415 - heavy, and other kinds do without
    import pyarrow.parquet as pq  # noqa: PLC0415

    with pq.ParquetFile(source) as given, pq.ParquetWriter(fresh, given.schema_arrow) as made:
        for batch in given.iter_batches(batch_size=BATCH):
            rows = [opener.row(row) for row in batch.to_pylist()]
            made.write_batch(pa.RecordBatch.from_pylist(rows, given.schema_arrow))
