"""使用留痕: each call as its node told it, for those who may see it, with the way to its proof."""

from __future__ import annotations

from typing import Literal

import pytest

from jutong.center.fleet.receipts import apply_receipt
from jutong.center.sharing.models import Grant
from jutong.contracts.receipts import AccessSummary, ServedReceipt
from tests import sharing_steps as steps
from tests.sharing_world import NOW, World
from tests.unit.web.conftest import SignIn

RECORD = "01a1ff9e-eacb-73db-8896-f840fb7aacb1"
REFUSED = "01a1ff9e-eacb-73db-8896-f840fb7aacb2"


def _call(world: World, grant_id: object, record: str, outcome: str, kind: Literal["query", "verify"]) -> AccessSummary:
    return AccessSummary(
        record_id=record, time_ms=int(NOW.timestamp() * 1000), kind=kind, outcome=outcome, grant_id=str(grant_id),
        official="requester", purpose="小学入学报名核验监护关系", case_number="RX-2026-1",
        rows=1 if outcome == "ok" else 0, fields=("姓名",), leaf_index=7, system_id=str(world.system.id),
        marks=("JH20261109-0001",) if outcome == "ok" else (),
    )  # fmt: skip


@pytest.fixture
def used(world: World) -> World:
    grant = steps.sharing(world)
    calls = (
        _call(world, grant.id, RECORD, "ok", "query"),
        _call(world, grant.id, REFUSED, "node.quota.spent", "verify"),
    )
    receipt = ServedReceipt(calls=calls)
    apply_receipt(node=world.node, envelope=world.receipt("served", receipt), now=NOW)
    return world


@pytest.mark.parametrize("who", ["requester", "steward", "auditor", "authority"])
def test_both_sides_and_those_who_watch_see_the_calls(used: World, enter: SignIn, who: str) -> None:
    client = enter(who)
    text = client.get("/audit").content.decode()
    assert "RX-2026-1" in text
    assert "已拒绝" in text
    detail = client.get(f"/audit/{RECORD}").content.decode()
    assert "小学入学报名核验监护关系" in detail
    assert "jutong evidence verify" in detail


def test_a_leader_sees_the_call_without_its_proof(used: World, enter: SignIn) -> None:
    assert enter("leader").get(f"/audit/{RECORD}").status_code == 200


def test_other_departments_see_none_of_it(used: World, enter: SignIn) -> None:
    client = enter("stranger")
    assert "RX-2026-1" not in client.get("/audit").content.decode()
    assert client.get(f"/audit/{RECORD}").status_code == 404


@pytest.mark.parametrize(
    ("query", "found"), [("case=RX-2026-1", True), ("case=none", False), ("official=requester", True)]
)
def test_the_trail_is_searched(used: World, enter: SignIn, query: str, found: bool) -> None:
    assert (RECORD in enter("auditor").get(f"/audit?{query}").content.decode()) is found


def test_an_entry_tells_who_used_it(used: World, enter: SignIn) -> None:
    text = enter("steward").get("/catalog/306001/1/used").content.decode()
    assert "金河市教育局" in text
    assert RECORD in text
    assert "金河市教育局" in enter("steward").get("/catalog/306001/1").content.decode()


def test_an_answer_with_marks_says_so_on_its_page_in_the_list_and_at_the_grant(used: World, enter: SignIn) -> None:
    client = enter("requester")
    said = "此次应答带有校核标注"
    assert client.get("/audit").content.decode().count(said) == 1
    assert "/corrections/JH20261109-0001" in client.get(f"/audit/{RECORD}").content.decode()
    assert said not in client.get(f"/audit/{REFUSED}").content.decode()
    number = Grant.objects.get().number
    assert "/corrections/JH20261109-0001" in client.get(f"/grants/{number}").content.decode()
