"""Finds whose copy a file is: by its bytes, else by the order its rows stand in."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.node.extract.extracts import MANIFEST
from jutong.node.extract.fingerprint import Match, cell, key_of, match

ENCODINGS = ("utf-8-sig", "gb18030")
MOST_COMPARED = 20_000
"""Rows of a file that are compared with each order: far more than certainty takes."""


class FileUnreadableError(JutongError):
    """A file that is no table of rows."""

    code = "node.fingerprint.unreadable"
    http_status = 422
    message = gettext_noop("读不出文件“{file}”里的表格。")
    next_step = gettext_noop("请给出CSV、XLSX或Parquet文件，第一行是列名。")


class RecipientUnknownError(JutongError):
    """A file that no extract of this node fits with certainty."""

    code = "node.fingerprint.unknown"
    http_status = 404
    message = gettext_noop("本节点提供过的{files}个文件中，没有哪个能确认是“{file}”的来源。")
    next_step = gettext_noop("请确认文件来自本节点，且行的次序没有被重新排过；少于约15行的文件无法辨认。")


@dataclass(frozen=True)
class Source:
    """The extract a file comes from: what was kept of it, how well the order fits, and whether the bytes are its."""

    manifest: Mapping[str, Any]
    match: Match
    same_bytes: bool


def read(path: Path) -> dict[str, list[str]]:
    """Return the columns of a table file by name.

    Raises:
        FileUnreadableError: if it is none.
    """
    kinds: dict[str, Callable[[Path], dict[str, list[str]]]] = {".xlsx": _of_xlsx, ".parquet": _of_parquet}
    try:
        return kinds.get(path.suffix.lower(), _of_csv)(path)
    except Exception as error:
        raise FileUnreadableError(file=path.name) from error


def _columns(rows: Iterator[Sequence[Any]]) -> dict[str, list[str]]:
    names = [str(name) for name in next(rows)]
    columns: list[list[str]] = [[] for _ in names]
    for row in rows:
        for at in range(len(names)):
            columns[at].append(cell(row[at]) if at < len(row) else "")
    return dict(zip(names, columns, strict=True))


def _of_csv(path: Path) -> dict[str, list[str]]:
    for encoding in ENCODINGS:
        try:
            with path.open(encoding=encoding, newline="") as stream:
                return _columns(iter(csv.reader(stream)))
        except UnicodeDecodeError:
            continue
    raise ValueError(path.name)


def _of_xlsx(path: Path) -> dict[str, list[str]]:
    from openpyxl import load_workbook  # noqa: PLC0415

    book = load_workbook(path, read_only=True, data_only=True)
    try:
        return _columns(iter(book.worksheets[0].iter_rows(values_only=True)))
    finally:
        book.close()


def _of_parquet(path: Path) -> dict[str, list[str]]:
    import pyarrow.parquet as pq  # noqa: PLC0415

    return {name: [cell(one) for one in column] for name, column in pq.read_table(path).to_pydict().items()}


def source_of(path: Path, folder: Path, secret: bytes) -> Source:
    """Return the extract a file comes from.

    Args:
        path: the file found.
        folder: where this node keeps what its extracts were.
        secret: the node's own secret.

    Raises:
        FileUnreadableError: if it is no table.
        RecipientUnknownError: if no extract fits beyond doubt.
    """
    columns = read(path)
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    manifests = [orjson.loads(one.read_bytes()) for one in sorted(folder.glob(f"*{MANIFEST}"))]
    found = [_compared(manifest, columns, digest, secret) for manifest in manifests]
    best = max(found, key=lambda one: (one.same_bytes, one.match.score), default=None)
    if best is None or not (best.same_bytes or best.match.certain):
        raise RecipientUnknownError(file=path.name, files=len(manifests))
    return best


def _compared(manifest: Mapping[str, Any], columns: Mapping[str, list[str]], digest: str, secret: bytes) -> Source:
    key = key_of(secret, manifest["record"])
    # Whoever renamed the column that carries the order left it among the others.
    texts = [columns[manifest["carrier"]]] if manifest["carrier"] in columns else list(columns.values())
    matches = [match(one[:MOST_COMPARED], key) for one in texts]
    best = max(matches, key=lambda one: one.score, default=Match(0, 0, 0.0))
    return Source(manifest, best, digest == manifest["sha256"])
