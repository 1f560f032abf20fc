"""The decision alone, as a property: whatever is asked, what comes out is inside the grant."""

from __future__ import annotations

import time
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from jutong.kernel.errors import JutongError
from jutong.kernel.keys import generate_signer
from jutong.node.gateway.calls import Call
from jutong.node.gateway.decide import decide, find_grant
from jutong.node.grants import MOST_PLANS, Grant, GrantBook
from tests.node_world import DAY_MS, FIELDS, PURPOSE, grant_order

CALLER = generate_signer("edu")
NOW = int(time.time() * 1000)
ORDER = grant_order(CALLER, valid_from_ms=NOW - DAY_MS, valid_until_ms=NOW + DAY_MS)
ITEMS = [field.item for field in FIELDS]
PLAIN_OR_MASKED = {field.item for field in FIELDS if field.mode != "verify"}
CLAIMABLE = {field.item for field in FIELDS if field.mode != "masked"}
NAMES = st.sampled_from([*ITEMS, "公民身份号码", "身高", "sfzh"])
CALLS = st.builds(
    Call,
    kind=st.sampled_from(["query", "verify"]),
    grant=st.sampled_from(["GR-2026-0001", "GR-2026-0002"]),
    purpose=st.sampled_from([PURPOSE, "别的"]),
    case=st.sampled_from(["RX-1", "", " "]),
    official=st.just("王"),
    key=st.dictionaries(NAMES, st.just("v"), min_size=1, max_size=2),
    fields=st.none() | st.lists(NAMES, min_size=1, max_size=4, unique=True).map(tuple),
    claims=st.dictionaries(NAMES, st.just("v"), max_size=3),
)


def permitted(call: Call, grant: Grant, now_ms: int) -> Any:
    try:
        return decide(call, find_grant(call, GrantBook([grant]), CALLER.key_id), now_ms)
    except JutongError:
        return None


@given(
    call=CALLS,
    state=st.sampled_from(["active", "active", "suspended", "revoked"]),
    probe=st.sampled_from(["ready", "ready", "pending", "failed"]),
    ways=st.sampled_from([("query", "verify"), ("query",), ("verify",), ("batch",)]),
    offset=st.sampled_from([0, 0, -2 * DAY_MS, 2 * DAY_MS, DAY_MS, -DAY_MS]),
)
def test_what_is_permitted_is_inside_the_grant(call: Call, state: Any, probe: Any, ways: Any, offset: int) -> None:
    grant = Grant(ORDER.model_copy(update={"ways": ways}), state, "", probe)
    permit = permitted(call, grant, NOW + offset)
    inside = (
        state == "active" and probe == "ready" and call.kind in ways and call.grant == "GR-2026-0001"
        and ORDER.valid_from_ms <= NOW + offset < ORDER.valid_until_ms
        and call.purpose == PURPOSE and bool(call.case.strip()) and set(call.key) == {"公民身份号码"}
    )  # fmt: skip
    asked = set(call.claims) if call.kind == "verify" else set(call.fields or PLAIN_OR_MASKED)
    allowed = CLAIMABLE if call.kind == "verify" else PLAIN_OR_MASKED
    assert (permit is not None) == (inside and bool(asked) and asked <= allowed)
    if permit is not None:
        assert set(permit.items) == asked
        columns = {field.item: field.column for field in FIELDS}
        assert permit.query.columns == tuple(columns[item] for item in permit.items)
        assert permit.query.lookup == ("sfzh",)
        assert permit.query.conditions == ORDER.conditions


def test_another_order_of_items_is_the_same_query() -> None:
    grant = Grant(ORDER, probe="ready")
    call = Call("query", "GR-2026-0001", PURPOSE, "RX-1", "王", {"公民身份号码": "v"}, ("住址", "姓名"), {})
    turned = Call("query", "GR-2026-0001", PURPOSE, "RX-1", "王", {"公民身份号码": "v"}, ("姓名", "住址"), {})
    assert decide(call, grant, NOW).query is decide(turned, grant, NOW).query


def test_queries_kept_ready_have_a_bound() -> None:
    fields = tuple(FIELDS[2].model_copy(update={"item": f"项{number}"}) for number in range(MOST_PLANS + 20))
    grant = Grant(ORDER.model_copy(update={"fields": fields}), probe="ready")
    for field in fields:
        grant.plan((field.item,))
    assert len(grant._plans) <= MOST_PLANS
