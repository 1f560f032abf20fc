"""Files to read, made in memory."""

from __future__ import annotations

import json
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from io import BytesIO
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl.worksheet.worksheet import Worksheet

ROWS = (("名称", "提供单位", "条数"), ("婚姻登记", "市民政局", 12), ("离婚登记", "市民政局", 3.5))


def workbook(rows: Iterable[Sequence[Any]] = ROWS, change: Callable[[Worksheet], object] | None = None) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert isinstance(sheet, Worksheet)
    sheet.title = "目录"
    for row in rows:
        sheet.append(list(row))
    if change:
        change(sheet)
    made = BytesIO()
    book.save(made)
    return made.getvalue()


def zipped(members: dict[str, bytes], level: int = 6) -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return made.getvalue()


def gbk_named_zip(name: str, content: bytes) -> bytes:
    """A zip as old Chinese programs write it: the name in GBK, without the mark for UTF-8."""
    raw = name.encode("gbk")
    crc, size = zlib.crc32(content), len(content)
    head = struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 33, crc, size, size, len(raw), 0) + raw + content
    entry = struct.pack(
        "<4s6H3L5H2L", b"PK\x01\x02", 20, 20, 0, 0, 0, 33, crc, size, size, len(raw), 0, 0, 0, 0, 0, 0
    )  # fmt: skip
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, len(entry) + len(raw), len(head), 0)
    return head + entry + raw + end


def json_bytes(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def parquet(columns: dict[str, list[Any]]) -> bytes:
    made = BytesIO()
    pq.write_table(pa.table(columns), made)
    return made.getvalue()
