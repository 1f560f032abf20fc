"""What the two sides of a move are compared by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from jutong.contracts.orders import JobOrder
from jutong.library.digest import ContentDigest

COUNTED = "count"


class Sum(Protocol):
    """Adds up rows; two sums of the same rows have the same text."""

    rows: int

    def update(self, batch: pa.RecordBatch) -> None:
        """Add the rows of a batch."""

    def add(self, text: str) -> None:
        """Add the rows of another sum, as it told them."""

    def text(self) -> str:
        """Return the sum as receipts have it."""


def sum_for(order: JobOrder, schema: pa.Schema) -> Sum:
    """Return what an order's two sides are compared by, of rows of ``schema``."""
    return CountOnly() if order.into is not None and order.into.proof == "count" else ContentDigest(schema)


@dataclass
class CountOnly:
    """Counts rows in the place of ``library.digest.ContentDigest``, for moves whose sides are compared by count."""

    rows: int = 0

    def update(self, batch: pa.RecordBatch) -> None:
        """Add the rows of a batch."""
        self.rows += batch.num_rows

    def add(self, text: str) -> None:
        """Add what another count told.

        Raises:
            ValueError: for a text that is no count.
        """
        scheme, rows = text.split(":")
        if scheme != COUNTED:
            raise ValueError(f"not a {COUNTED}")
        self.rows += int(rows)

    def text(self) -> str:
        """Return ``count:<rows>``."""
        return f"{COUNTED}:{self.rows}"
