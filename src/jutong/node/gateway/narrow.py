"""Whether a call over many rows may be answered, and which rows: the grant's, narrowed by what the caller adds."""

from __future__ import annotations

from dataclasses import dataclass

from jutong.contracts.orders import Condition
from jutong.node.errors import FilterNotGrantedError, KeyItemsDifferError, TooManyKeysError, WayUnservedError
from jutong.node.gateway.calls import MOST_KEYS, MOST_ROWS, Call, Filter
from jutong.node.gateway.decide import check_terms, items_of
from jutong.node.grants import Grant

USUAL_KEYS = 100
"""Keys in a batch where the order says nothing."""
USUAL_ROWS = 500
"""Rows in a page where the order says nothing."""


@dataclass(frozen=True, slots=True)
class BulkPermit:
    """A call over many rows that may be answered: which items come out, of which rows, how many at a time."""

    grant: Grant
    items: tuple[str, ...]
    conditions: tuple[Condition, ...]
    limit: int


def decide_bulk(call: Call, grant: Grant, now_ms: int) -> BulkPermit:
    """Decide on a batch, page, change feed or file under a grant of its caller; quota comes afterwards.

    Raises:
        JutongError: the first reason against it, see ``node.errors``.
    """
    check_terms(call, grant, now_ms)
    if grant.order.kind != "table":
        raise WayUnservedError(source=grant.order.source, way=call.kind)
    if call.kind == "changes" and call.kind not in grant.order.ways:
        return BulkPermit(grant, (), (), 0)
    items = items_of(call, grant)
    if call.kind == "batch":
        return BulkPermit(grant, items, grant.order.conditions, _check_keys(call, grant))
    if not grant.key_columns or (call.kind == "changes" and not grant.fresh):
        raise WayUnservedError(source=grant.order.source, way=call.kind)
    conditions = (*grant.order.conditions, *conditions_of(call.bulk.filters, grant))
    most = min(grant.order.page_rows or USUAL_ROWS, MOST_ROWS)
    return BulkPermit(grant, items, conditions, min(call.bulk.limit or most, most))


def _check_keys(call: Call, grant: Grant) -> int:
    limit = min(grant.order.batch_keys or USUAL_KEYS, MOST_KEYS)
    if len(call.bulk.keys) > limit:
        raise TooManyKeysError(grant=grant.order.grant_number, limit=limit, count=len(call.bulk.keys))
    if not grant.lookup or any(key.keys() != grant.lookup_set for key in call.bulk.keys):
        raise KeyItemsDifferError(items="、".join(grant.lookup))
    return limit


def conditions_of(filters: tuple[Filter, ...], grant: Grant) -> tuple[Condition, ...]:
    """Return a caller's filters as conditions on columns.

    Only an item shown in full may be filtered by: any other would be guessed by asking again and again.

    Raises:
        FilterNotGrantedError: naming the items that are not.
    """
    plain = {item: column.column for item, column in grant.visible.items() if column.mask is None}
    refused = sorted({one.item[:64] for one in filters if one.item not in plain})
    if refused:
        raise FilterNotGrantedError(grant=grant.order.grant_number, items="、".join(refused))
    return tuple(Condition(column=plain[one.item], operator=one.operator, values=one.values) for one in filters)
