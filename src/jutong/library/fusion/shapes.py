"""The columns of the tables that stand beside a fused one; what each means stands in the package's docstring."""

from __future__ import annotations

import pyarrow as pa

INSTANT = pa.timestamp("us", tz="UTC")
_OTHERS: dict[str, pa.DataType] = {
    "since": INSTANT, "until": INSTANT, "changed": INSTANT, "believed_changed": INSTANT, "at": INSTANT,
    "weight": pa.float64(),
}  # fmt: skip


def _schema(columns: str) -> pa.Schema:
    return pa.schema([pa.field(column, _OTHERS.get(column, pa.string())) for column in columns.split()])


LINKS = _schema("entity_id feed key since until how")
CONFLICTS = _schema(
    "conflict_id entity_id field feed key value changed believed_feed believed_key believed believed_changed cause "
    "clue suggestion since until closed"
)
REVIEW = _schema("review_id left_feed left_key right_feed right_key weight cause waterfall since")
HISTORY = _schema("entity_id event other_id field was became at work_id")
DECISIONS = _schema("decision_id left_feed left_key right_feed right_key verdict ground by at")
