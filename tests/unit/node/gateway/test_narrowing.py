"""Hours, rates and the grant's own bounds on calls over many rows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from jutong.contracts.care import Hours
from jutong.contracts.orders import GrantedField, Way
from jutong.kernel.clock import BEIJING
from jutong.kernel.keys import generate_signer
from jutong.node.errors import (
    CallMalformedError,
    OutsideHoursError,
    QuotaExhaustedError,
    RateExceededError,
    TooManyKeysError,
    WayUnservedError,
)
from jutong.node.gateway import calls
from jutong.node.gateway.decide import check_hours
from jutong.node.gateway.narrow import USUAL_KEYS, USUAL_ROWS, decide_bulk
from jutong.node.gateway.quota import DAY_MS, MINUTE_MS, Quotas
from jutong.node.grants import Grant, GrantBook
from jutong.node.masking import HIDDEN, Pseudonyms
from tests.node_world import PURPOSE, grant_order

CALLER = generate_signer("edu")
WORKDAYS = Hours(days=(1, 2, 3, 4, 5), first_minute=8 * 60 + 30, last_minute=17 * 60 + 30)
FRIDAY_NIGHT = Hours(days=(5,), first_minute=22 * 60, last_minute=6 * 60)
NOW_MS = 1_795_000_000_000


def grant(**changes: Any) -> Grant:
    bounds = {"valid_from_ms": 0, "valid_until_ms": 2 * NOW_MS}
    return Grant(grant_order(CALLER, **{**bounds, **changes}), probe="ready")


def at(day: int, hour: int, minute: int = 0) -> int:
    # 2026-11-16 is a Monday.
    return int(datetime(2026, 11, 15 + day, hour, minute, tzinfo=BEIJING).timestamp() * 1000)


@pytest.mark.parametrize(
    ("hours", "moment", "open_then"),
    [
        ((), at(7, 3), True),
        ((WORKDAYS,), at(1, 8, 30), True),
        ((WORKDAYS,), at(1, 8, 29), False),
        ((WORKDAYS,), at(5, 17, 30), True),
        ((WORKDAYS,), at(5, 17, 31), False),
        ((WORKDAYS,), at(6, 10), False),
        ((FRIDAY_NIGHT,), at(5, 21, 59), False),
        ((FRIDAY_NIGHT,), at(5, 22), True),
        ((FRIDAY_NIGHT,), at(6, 6), True),
        ((FRIDAY_NIGHT,), at(6, 6, 1), False),
        ((FRIDAY_NIGHT,), at(5, 3), False),
        ((Hours(days=(7,), first_minute=1380, last_minute=60),), at(1, 0, 30), True),
        ((WORKDAYS, FRIDAY_NIGHT), at(5, 23), True),
    ],
)
def test_hours_are_beijings(hours: tuple[Hours, ...], moment: int, *, open_then: bool) -> None:
    if open_then:
        check_hours(grant(hours=hours), moment)
    else:
        with pytest.raises(OutsideHoursError) as error:
            check_hours(grant(hours=hours), moment)
        assert "周" in error.value.explain()


def test_a_minute_has_its_calls_and_the_next_one_new_ones() -> None:
    quotas, one = Quotas(), grant(per_minute=2)
    quotas.take(one, NOW_MS)
    quotas.take(one, NOW_MS + 1)
    with pytest.raises(RateExceededError) as error:
        quotas.take(one, NOW_MS + 2)
    assert error.value.http_status == 429
    waiting = error.value.retry_after
    assert waiting is not None
    assert 0 < waiting <= 61
    assert quotas.used(one.order.grant_id) == 2
    quotas.take(one, (NOW_MS // MINUTE_MS + 1) * MINUTE_MS)


def test_a_batch_takes_as_many_calls_as_it_has_keys_or_none() -> None:
    quotas, one = Quotas(), grant(daily_quota=10)
    quotas.take(one, NOW_MS, 8)
    with pytest.raises(QuotaExhaustedError):
        quotas.take(one, NOW_MS, 3)
    quotas.take(one, NOW_MS, 2)
    quotas.give_back(one, 8)
    assert quotas.used(one.order.grant_id) == 2
    quotas.take(one, NOW_MS + DAY_MS, 10)


def call(kind: calls.Kind, **changes: Any) -> calls.Call:
    body: dict[str, Any] = {"grant": "GR-2026-0001", "purpose": PURPOSE, "case": "RX-1", "official": "王", **changes}
    if kind == "batch":
        body.setdefault("keys", [{"公民身份号码": "1"}])
    if kind == "file":
        body.setdefault("format", "csv")
    return calls.from_mapping(kind, body)


@pytest.mark.parametrize("kind", ["batch", "page", "changes", "file"])
def test_bounds_that_no_order_sets_are_the_nodes(kind: calls.Kind) -> None:
    one = grant(ways=(kind,), fresh_column="gxsj")
    assert decide_bulk(call(kind), one, NOW_MS).limit == (USUAL_KEYS if kind == "batch" else USUAL_ROWS)


def test_an_order_above_the_nodes_own_bound_is_cut() -> None:
    ways: tuple[Way, ...] = ("batch", "page")
    one = grant(ways=ways, batch_keys=10_000_000, page_rows=10_000_000)
    assert decide_bulk(call("batch"), one, NOW_MS).limit == calls.MOST_KEYS
    assert decide_bulk(call("page"), one, NOW_MS).limit == calls.MOST_ROWS
    assert decide_bulk(call("page", limit=7), one, NOW_MS).limit == 7
    keys = [{"公民身份号码": str(number)} for number in range(USUAL_KEYS + 1)]
    with pytest.raises(TooManyKeysError):
        decide_bulk(call("batch", keys=keys), grant(ways=ways), NOW_MS)


@pytest.mark.parametrize(
    "changes",
    [{"lookup": ()}, {"kind": "files"}],
)
def test_what_has_no_order_has_no_pages(changes: dict[str, Any]) -> None:
    with pytest.raises(WayUnservedError):
        decide_bulk(call("page"), grant(ways=("page",), **changes), NOW_MS)
    with pytest.raises(WayUnservedError):
        decide_bulk(call("changes"), grant(ways=("changes",), fresh_column="gxsj", **changes), NOW_MS)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("batch", {"keys": "x"}),
        ("batch", {"keys": [{}]}),
        ("batch", {"keys": [{"a": "1"}] * (calls.MOST_KEYS + 1)}),
        ("batch", {"key": {"a": "1"}}),
        ("page", {"limit": 0}),
        ("page", {"limit": True}),
        ("page", {"limit": calls.MOST_ROWS + 1}),
        ("page", {"cursor": 7}),
        ("page", {"cursor": "x" * (calls.LONGEST_CURSOR + 1)}),
        ("page", {"filters": {}}),
        ("page", {"filters": [{"item": "a", "operator": "eq"}]}),
        ("page", {"filters": [{"item": 1, "operator": "eq", "values": ["1"]}]}),
        ("page", {"filters": [{"item": "a", "operator": "in", "values": []}]}),
        ("page", {"filters": [{"item": "a", "operator": "in", "values": [1]}]}),
        ("page", {"filters": [{"item": "a", "operator": ["in"], "values": ["1"]}]}),
        ("page", {"filters": [{"item": "a", "operator": "eq", "values": ["1"]}] * (calls.MOST_FILTERS + 1)}),
        ("page", {"key": {"a": "1"}}),
        ("file", {"format": "exe"}),
        ("file", {"format": ["csv"]}),
        ("file", {"cursor": "x"}),
        ("page", {"basis": 1}),
    ],
)
def test_what_is_no_call_is_refused(kind: calls.Kind, changes: dict[str, Any]) -> None:
    with pytest.raises(CallMalformedError):
        call(kind, **changes)


@pytest.mark.parametrize(
    "body", [b"[]", b"{", b'{"kind": "explain"}', b'{"kind": ["query"]}', b'{"kind": "query"}', b"{}"]
)
def test_what_is_no_explained_call_is_refused(body: bytes) -> None:
    with pytest.raises(CallMalformedError):
        calls.read_explained(body)


def test_pseudonyms_come_with_the_book_and_follow_the_agreement() -> None:
    fields = (GrantedField(item="人", column="sfzh", mode="masked", mask="pseudonym"),)
    alone = grant(fields=fields)
    mask = alone.visible["人"].mask
    assert mask is not None
    assert mask("330102") == HIDDEN
    book = GrantBook([grant(fields=fields, agreement_number="XY-1")], Pseudonyms(b"s" * 32))
    token = book.by_number["GR-2026-0001"].visible["人"].mask
    assert token is not None
    assert token("330102").startswith("P")
    book.put(grant(fields=fields, agreement_number="XY-2"))
    other = book.by_number["GR-2026-0001"].visible["人"].mask
    assert other is not None
    assert other("330102") not in {token("330102"), HIDDEN}
