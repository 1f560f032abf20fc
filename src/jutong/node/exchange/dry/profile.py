"""What the columns of many batches look like: counts, lengths and forms, and values only where they may be shown."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import pyarrow as pa

from jutong.contracts.dry import DryColumn
from jutong.library.digest import RowDigest
from jutong.node.exchange.dry.forms import LONGEST_FORM, Forms, Values, texts_of
from jutong.node.exchange.dry.sketch import Distinct
from jutong.node.exchange.rules.kernels import Array, pc


class Profile:
    """Looks at the rows that would land.

    Args:
        schema: of every batch.
        shown: columns of which values may be told.
        salt: mixed into the hashes of values.
    """

    def __init__(self, schema: pa.Schema, shown: Collection[str], salt: str) -> None:
        self._columns = [_Column(field, salt, shown=field.name in shown) for field in schema]

    def add(self, batch: pa.RecordBatch) -> None:
        """Take a batch in."""
        for array, column in zip(batch.columns, self._columns, strict=True):
            column.add(array)

    def told(self) -> tuple[DryColumn, ...]:
        """Return what was found of each column."""
        return tuple(column.told() for column in self._columns)


class _Column:
    def __init__(self, field: pa.Field[Any], salt: str, *, shown: bool) -> None:
        self._field = field
        self._hashes = RowDigest([field], salt)
        self._distinct = Distinct()
        self._forms = Forms()
        self._values = Values() if shown and not pa.types.is_binary(field.type) else None
        self._ends: list[Any] = []
        self._nulls = self._blanks = self._filled = 0
        self._lengths: list[int] = []

    def add(self, array: Array) -> None:
        self._nulls += array.null_count
        filled = array.drop_null()
        self._filled += len(filled)
        if not len(filled):
            return
        batch = pa.RecordBatch.from_arrays([filled], schema=pa.schema([self._field]))
        self._distinct.add(self._hashes.of(batch)[0])
        if pa.types.is_string(filled.type):
            lengths = pc.utf8_length(filled)
            self._blanks += int(pc.sum(pc.equal(lengths, 0)).as_py())
            ends = pc.min_max(lengths).as_py()
            found = [ends["min"], ends["max"], *self._lengths]
            self._lengths = [min(found), max(found)]
            self._forms.add(filled)
        if self._values is not None:
            self._values.add(texts_of(filled))
            if _has_ends(filled.type):
                ends = pc.min_max(filled)
                self._ends = [_less(ends["min"], self._ends[:1], min), _less(ends["max"], self._ends[1:], max)]

    def told(self) -> DryColumn:
        least, greatest = (str(end)[:LONGEST_FORM] for end in self._ends or ("", ""))
        shortest, longest = self._lengths or (0, 0)
        return DryColumn(
            name=self._field.name, type=str(self._field.type), nulls=self._nulls, blanks=self._blanks,
            distinct=min(self._distinct.count(), self._filled), shortest=shortest, longest=longest, least=least,
            greatest=greatest, forms=self._forms.told(), values=self._values.told() if self._values else (),
        )  # fmt: skip


def _has_ends(kind: pa.DataType) -> bool:
    """Tell whether the least and greatest value say something of all; of texts they are just two rows."""
    numbers = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return numbers or pa.types.is_temporal(kind)


def _less(end: Any, before: list[Any], pick: Any) -> Any:
    return pick([end.as_py(), *before])
