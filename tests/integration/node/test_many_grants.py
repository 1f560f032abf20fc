"""Ten thousand grants: how much memory they take, and how soon an order changes one of them."""

from __future__ import annotations

import gc
import tracemalloc

from jutong.contracts.orders import Condition, GrantedField, GrantOrder, GrantStateOrder
from jutong.kernel.ids import uuid7
from jutong.kernel.keys import generate_signer
from jutong.node.grants import Grant, GrantBook
from jutong.node.service import running
from jutong.node.state import State
from tests.node_world import PURPOSE, World, caller_key, grant_order, until

MANY = 10_000
MOST_BYTES = 200 * 1024 * 1024
EFFECTIVE_SECONDS = 5.0
SYSTEMS = 50


def texts(count: int) -> list[str]:
    """Return orders as a center compiles them and of the size they have: ten items, two conditions, own words."""
    callers = [caller_key(generate_signer(f"sys-{number}"), f"sys-{number}") for number in range(SYSTEMS)]
    fields = tuple(GrantedField(item=f"信息项@NUMBER@-{at}", column=f"c{at}", mode="plain") for at in range(10))
    template = grant_order(
        generate_signer("x"), callers=(), fields=fields, grant_id="0190a000-0000-7000-8000-0000000@NUMBER@",
        grant_number="GR-2026-@NUMBER@", application_number="AP-2026-@NUMBER@", purpose=f"{PURPOSE}@NUMBER@",
        lookup=(GrantedField(item="公民身份号码", column="c0", mode="plain"),), requester_code="@REQUESTER@",
        conditions=(
            Condition(column="c1", operator="prefix", values=("3301",)),
            Condition(column="c2", operator="in", values=("1", "2", "@NUMBER@")),
        ),
    ).model_dump_json()  # fmt: skip
    return [
        template.replace("@NUMBER@", f"{number:05d}")
        .replace("@REQUESTER@", f"1133{number % SYSTEMS:014d}")
        .replace('"callers":[]', f'"callers":[{callers[number % SYSTEMS].model_dump_json()}]')
        for number in range(count)
    ]


def test_ten_thousand_grants_fit_into_memory() -> None:
    made = texts(MANY)
    gc.collect()
    tracemalloc.start()
    try:
        book = GrantBook(Grant(GrantOrder.model_validate_json(text), probe="ready") for text in made)
        for grant in list(book.by_id.values())[:2_000]:
            grant.plan(tuple(grant.visible))
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(book.by_number) == MANY
    assert len(book.callers) == SYSTEMS
    assert used <= MOST_BYTES, f"{used / 1024 / 1024:.0f} MiB"


async def test_with_ten_thousand_grants_a_change_is_effective_in_seconds(world: World) -> None:
    store = State(world.home / "node" / "state.db")
    with store.transaction() as db:
        for number, text in enumerate(texts(MANY)):
            grant_id = f"0190a000-0000-7000-8000-0000000{number:05d}"
            db.execute("INSERT INTO grants VALUES (?, ?, 'active', '', 'ready', ?)", (grant_id, text, number))
    store.close()
    async with running(world.settings) as node:
        book = node.gateway.serving.book
        assert len(book.by_id) == MANY
        await until(lambda: node.gateway.serving.freshness.fresh)
        chosen = book.by_number["GR-2026-05000"].order
        stop = GrantStateOrder(grant_id=chosen.grant_id, state="suspended", reason="核查")
        world.center.order("grant-state", stop)
        await until(lambda: book.by_number[chosen.grant_number].state == "suspended", EFFECTIVE_SECONDS)
        fresh = {"grant_id": str(uuid7()), "grant_number": "GR-2026-NEW"}
        world.center.order("grant", chosen.model_copy(update=fresh))
        await until(lambda: "GR-2026-NEW" in book.by_number, EFFECTIVE_SECONDS)
