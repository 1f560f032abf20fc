"""Rows of every batch in the recipient's order, as ``node.extract.fingerprint`` has it for files; no value changes.

The key is of the job, so that a leaked copy tells which run of a transfer it comes from. The column whose values give
the order is chosen once and kept in the job's folder: a job that is taken up again goes on with it.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from typing_extensions import override

from jutong.contracts.orders import JobOrder
from jutong.contracts.rules import SEALED
from jutong.node.exchange.errors import OrderUnfitError
from jutong.node.exchange.jobs import write_whole
from jutong.node.exchange.rules.kernels import pc
from jutong.node.exchange.rules.sieve import Sieve, Sifted
from jutong.node.exchange.rules.tokens import normalised_texts
from jutong.node.extract.fingerprint import key_of

KEPT = "fingerprint.json"
SAMPLE_ROWS = 10_000
_BLOCK_BYTES = 64


def carrier_of(folder: Path) -> str:
    """Return the column a job's rows are ordered by; empty where none was chosen."""
    try:
        return str(json.loads((folder / KEPT).read_bytes())["column"])
    except FileNotFoundError:
        return ""


class Arranging(Sieve):
    """A sieve whose rows come out in the recipient's order.

    Args:
        order: the job's; it has a fingerprint.
        folder: the job's.
        asked: what a sieve is made of.

    Raises:
        OrderUnfitError: when the column named does not land as something a copy has the same text of.
    """

    def __init__(self, order: JobOrder, folder: Path, *asked: Any) -> None:
        super().__init__(*asked)
        assert order.fingerprint is not None  # noqa: S101 - the caller looked
        self._folder = folder
        sealed = {mask.column for mask in order.masks if mask.mask in SEALED}
        plain = [item.name for item in self.lands_as if item.name not in sealed and _writes(item.type)]
        self._carriers: Sequence[str] = [order.fingerprint.column] if order.fingerprint.column else plain
        if not self._carriers or self._carriers[0] not in plain:
            raise OrderUnfitError(what="指纹", found=order.fingerprint.column or "-")
        if self._means.secret is None:
            raise OrderUnfitError(what="指纹", found="node.secret ?")
        block = key_of(bytes.fromhex(self._means.secret.read_text("ascii")), order.job_id).ljust(_BLOCK_BYTES, b"\0")
        self._inner = sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in block))

    @override
    def sift(self, batch: pa.RecordBatch, first: int) -> Sifted:
        sifted = super().sift(batch, first)
        if not sifted.kept.num_rows:
            return sifted
        texts = sifted.kept.column(self._carrier(sifted.kept)).cast(pa.string())
        ranks = self._ranks(normalised_texts(pc.fill_null(texts, "")).cast(pa.binary()).to_pylist())
        return dataclasses.replace(sifted, kept=sifted.kept.take(np.argsort(ranks, kind="stable")))

    def _carrier(self, rows: pa.RecordBatch) -> str:
        """Return the column that gives the order: kept, or the one that tells the first rows apart best."""
        if len(self._carriers) > 1:
            found = carrier_of(self._folder)
            if found not in self._carriers:
                sample = rows.slice(0, SAMPLE_ROWS)
                found = max(self._carriers, key=lambda name: pc.count_distinct(sample[name], mode="all").as_py())
            self._carriers = [found]
        if carrier_of(self._folder) != self._carriers[0]:
            write_whole(self._folder / KEPT, json.dumps({"column": self._carriers[0]}), durable=True)
        return self._carriers[0]

    def _ranks(self, values: list[bytes]) -> np.ndarray[Any, np.dtype[np.uint64]]:
        """Return the first 64 bits of what ``fingerprint`` ranks values by; more would not change the order."""
        made = []
        for value in values:
            inner, outer = self._inner.copy(), self._outer.copy()
            inner.update(value)
            outer.update(inner.digest())
            made.append(outer.digest()[:8])
        return np.frombuffer(b"".join(made), dtype=">u8").astype(np.uint64)


def _writes(kind: pa.DataType) -> bool:
    """Tell whether every program writes values of a type in the same way."""
    return kind == pa.string() or pa.types.is_integer(kind) or kind == pa.date32()
