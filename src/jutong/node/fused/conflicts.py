"""Work ``conflicts``: names some conflicts for the departments that have to put them right, closed for their nodes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime

from jutong.contracts.fused import ConflictOrder, ConflictResult, FoundConflict, Standing
from jutong.contracts.library import Feed
from jutong.kernel.sealing import seal_for
from jutong.library.works import Place, Tell
from jutong.node.fused.reading import Cause, Conflict, Fusion, Record, reading
from jutong.node.fused.showing import text_of
from jutong.node.gateway.recorder import tag_of

PHASE = "conflicts"


def run(order: ConflictOrder, place: Place, tell: Tell) -> ConflictResult:
    """Say of some conflicts which rows they are about and how those asked for stand. Writes nothing.

    Raises:
        NothingFusedError: if the table was never fused here.
    """
    tell(PHASE, 0, order.most)
    own = bytes.fromhex((place.home / "keys" / "node.secret").read_text("ascii"))
    with place.engine() as engine, reading(place.home, order.library, order.table, order.feeds, engine) as fusion:
        cause = Cause(order.field, order.feed, order.believed_feed, order.known, order.only)
        chosen = fusion.open_conflicts(cause, limit=order.most) if order.field and order.most else []
        found = []
        for at, conflict in enumerate(chosen, start=1):
            found.append(_closed(fusion, order, conflict, own))
            tell(PHASE, at, len(chosen))
        left = max(0, fusion.count_open(cause) - len(found)) if order.field else 0
        known = {one: (until, closed) for one, until, closed in fusion.standing(order.asked)}
        standing = tuple(_standing(one, known) for one in order.asked)
        return ConflictResult(version=fusion.version, found=tuple(found), left=left, standing=standing)


def _standing(conflict_id: str, known: Mapping[str, tuple[datetime | None, str]]) -> Standing:
    if conflict_id not in known:
        return Standing(conflict_id=conflict_id, open=False, closed="gone")
    until, closed = known[conflict_id]
    at_ms = int(until.timestamp() * 1000) if until is not None else 0
    return Standing(conflict_id=conflict_id, open=until is None, closed=closed, at_ms=at_ms)


def _closed(fusion: Fusion, order: ConflictOrder, conflict: Conflict, own: bytes) -> FoundConflict:
    believed = order.side == "believed"
    record = fusion.record(
        conflict.believed_feed if believed else conflict.feed, conflict.believed_key if believed else conflict.key
    )
    other = conflict.feed if believed else conflict.believed_feed
    values = json.dumps(_looked_up(fusion, record, conflict.entity_id), ensure_ascii=False).encode()
    locator = json.dumps({order.key_column: record.key}, ensure_ascii=False).encode()
    return FoundConflict(
        conflict_id=conflict.conflict_id,
        row=tag_of(own, f"{record.feed}\n{record.key}"),
        locator=seal_for(order.source_key, locator) if order.source_key else "",
        boxes=tuple((reader.node, seal_for(reader.public_key, values)) for reader in order.readers),
        believed_code=_code(fusion.feeds.get(other)),
        cause=conflict.cause,
        clue=conflict.clue,
        suggestion=conflict.suggestion,
    )


def _code(feed: Feed | None) -> str:
    return feed.organisation_code if feed is not None else ""


def _looked_up(fusion: Fusion, record: Record, entity_id: str) -> list[str]:
    """Return what the row and what was made of it are looked up by."""
    golden = fusion.entity(entity_id).values
    keys = fusion.table.keys
    found = [
        record.key,
        *(text_of(values[key]) for values in (record.values, golden) for key in keys if values.get(key)),
    ]
    return sorted({text for text in found if text})
