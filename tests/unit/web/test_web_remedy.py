from __future__ import annotations

import json
from datetime import UTC, datetime
from io import BytesIO

from openpyxl import load_workbook

from jutong.center.remedy import actions
from jutong.center.remedy.models import Disposal, LedgerEntry, Rectification, ServiceChange
from jutong.center.sharing.enums import GrantState
from jutong.kernel.canonical import digest
from jutong.tasks import scans
from tests import remedy_steps as steps
from tests import sharing_steps
from tests.sharing_steps import fresh
from tests.sharing_world import World, at
from tests.unit.web.conftest import SignIn

TURN = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)
"""Midnight in Beijing: the first moment of 2027."""


def test_a_rectification_walks_from_order_to_acceptance_through_pages(world: World, enter: SignIn) -> None:
    grant = sharing_steps.sharing(world)
    steps.call(grant, "0199c0de-0000-7000-8000-000000000001", at(0))
    steward, requester = enter("steward"), enter("requester")
    assert f"/rectifications/new?grant={grant.number}" in steward.get(f"/grants/{grant.number}").content.decode()
    form = steward.get(f"/rectifications/new?grant={grant.number}").content.decode()
    assert "能说明问题的调用" in form
    said = {"grant": grant.number, "finding": "批量查询", "demands": "", "days": "5"}
    refused = steward.post("/rectifications/new", said)
    assert refused.status_code == 422
    assert "请写明要整改什么" in refused.content.decode()
    said |= {"demands": "停止并说明", "records": "0199c0de-0000-7000-8000-000000000001"}
    done = steward.post("/rectifications/new", said, follow=True).content.decode()
    assert "已暂停并责令整改" in done
    case = Rectification.objects.get(grant=grant)
    address = f"/rectifications/{case.number}"
    assert fresh(grant).state == GrantState.SUSPENDED
    assert "报送整改结果" in requester.get(address).content.decode()
    assert (
        case.number in requester.get("/inbox").content.decode() or address in requester.get("/inbox").content.decode()
    )
    assert requester.post(f"{address}/report", {"text": ""}).status_code == 422
    assert "已报送整改结果" in requester.post(f"{address}/report", {"text": "已停"}, follow=True).content.decode()
    back = enter("provider_head").post(f"{address}/judge", {"verdict": "accept"}, follow=True).content.decode()
    assert "整改通过" in back
    assert case.number in enter("authority").get("/rectifications?all=1").content.decode()
    assert case.number not in enter("authority").get("/rectifications").content.decode()


def test_a_failed_rectification_is_ordered_again_and_ended_through_pages(world: World, enter: SignIn) -> None:
    case = steps.reported(world)
    address = f"/rectifications/{case.number}"
    head = enter("provider_head")
    assert (
        "已认定整改不到位"
        in head.post(f"{address}/judge", {"verdict": "reject", "note": "缺说明"}, follow=True).content.decode()
    )
    assert "再次责令整改" in head.get(address).content.decode()
    assert head.post(f"{address}/order-again", {"demands": "补充", "days": "x"}).status_code == 422
    head.post(f"{address}/order-again", {"demands": "补充", "days": "3"})
    assert fresh(case).round == 2
    enter("requester").post(f"{address}/report", {"text": "补了"})
    head.post(f"{address}/judge", {"verdict": "reject", "note": "还是没有"})
    done = head.post(f"{address}/terminate", {"note": "拒不说明"}, follow=True).content.decode()
    assert "已终止共享" in done
    assert Disposal.objects.get(grant=case.grant).state == "open"


def test_an_order_is_withdrawn_and_lateness_is_said_through_pages(world: World, enter: SignIn, watch) -> None:
    case = steps.ordered(world)
    address = f"/rectifications/{case.number}"
    head = enter("provider_head")
    assert "认定拒不整改" not in head.get(address).content.decode()
    watch.now = at(10)
    assert "认定拒不整改" in head.get(address).content.decode()
    watch.now = at(1)
    assert "已撤销" in head.post(f"{address}/withdraw", {"note": "误报"}, follow=True).content.decode()


def test_a_disposal_walks_from_the_end_to_its_proof_through_pages(world: World, enter: SignIn) -> None:
    case = steps.opened(world)
    address = f"/disposals/{case.number}"
    requester, steward = enter("requester"), enter("steward")
    assert case.number in requester.get("/disposals").content.decode()
    assert "没有留存任何副本" in requester.get(address).content.decode()
    assert requester.get(f"{address}/certificate").status_code == 404
    assert requester.post(f"{address}/report", {}).status_code == 409
    assert requester.post(f"{address}/copies", {"kind": "file", "place": ""}).status_code == 422
    requester.post(f"{address}/copies", {"kind": "file", "place": "共享盘/核验.xlsx"})
    key = case.copies.get().pk
    bad = {f"method-{key}": "delete", f"done-{key}": "someday"}
    assert requester.post(f"{address}/report", bad).status_code == 422
    said = {f"method-{key}": "delete", f"done-{key}": "2026-11-09", f"witness-{key}": "郑雅文"}
    assert "销毁证明已生成" in requester.post(f"{address}/report", said, follow=True).content.decode()
    assert "共享盘/核验.xlsx" in steward.get(f"{address}/certificate").content.decode()
    raw = steward.get(f"{address}/certificate.json")
    assert raw["X-Document-Digest"] == digest(json.loads(raw.content))
    assert steward.post(f"{address}/verify", {"verdict": "return", "note": ""}).status_code == 422
    steward.post(f"{address}/verify", {"verdict": "return", "note": "缺备份"})
    assert "被退回：缺备份" in requester.get(address).content.decode()
    requester.post(f"{address}/report", said)
    assert "等停用证明" in steward.post(f"{address}/verify", {"verdict": "verify"}, follow=True).content.decode()
    sharing_steps.answer(world, case.grant, "revoked", at(1))
    assert scans.prove_disposals(at(3)) == 1
    assert "已处置" in requester.get(address).content.decode()
    assert case.number in requester.get("/disposals?all=1").content.decode()


def test_a_stranger_sees_neither(world: World, enter: SignIn) -> None:
    case, other = steps.terminated(world), enter("stranger")
    assert other.get(f"/rectifications/{case.number}").status_code == 404
    assert other.get(f"/disposals/{case.grant.disposal.number}").status_code == 404
    assert other.get(f"/rectifications/new?grant={case.grant.number}").status_code == 404
    assert "没有没办完的整改" in other.get("/rectifications").content.decode()
    assert "没有没办完的处置" in other.get("/disposals").content.decode()


def test_the_ledger_is_filled_corrected_inspected_and_sent_as_a_file(world: World, enter: SignIn, watch) -> None:
    grant = sharing_steps.sharing(world)
    steps.call(grant, "r-1", at(1))
    address = f"/ledger/{grant.number}"
    requester, steward = enter("requester"), enter("steward")
    assert "义务教育法第十二条" in requester.get(address).content.decode()
    assert "记一条" not in steward.get(address).content.decode()
    assert actions.keep_ledgers(now=TURN) == 1
    watch.now = TURN
    assert grant.number in requester.get("/ledger?asked=1").content.decode()
    form = requester.get(f"{address}/fill/2026Q4").content.decode()
    assert "2026-11：调用1次" in form
    assert requester.get(f"{address}/fill/2020Q1").status_code == 404
    said = {"effect": "", "storage": "入库", "kind": ["database", "file"], "place": ["enrol.check", ""]}
    refused = requester.post(f"{address}/fill/2026Q4", said)
    assert refused.status_code == 422
    assert 'value="enrol.check"' in refused.content.decode()
    done = requester.post(f"{address}/fill/2026Q4", said | {"effect": "免交证明"}, follow=True).content.decode()
    assert "免交证明" in done
    assert "enrol.check" in done
    assert "这个季度已经补记" in requester.get(f"{address}/fill/2026Q4").content.decode()
    wrong = LedgerEntry.objects.get(part="effect")
    assert "免交证明" in requester.get(f"{address}/write?corrects={wrong.id}").content.decode()
    requester.post(f"{address}/write", {"corrects": str(wrong.id), "text": "免交证明120份"})
    assert "<del>免交证明</del>" in requester.get(address).content.decode()
    assert requester.post(f"{address}/write", {"part": "other", "text": "x"}).status_code == 422
    assert requester.get(f"{address}/write?corrects=x").status_code == 200
    assert steward.post(f"{address}/inspect", {"sound": "0", "note": ""}).status_code == 422
    steward.post(f"{address}/inspect", {"sound": "0", "note": "成效没有佐证"})
    assert "成效没有佐证" in requester.get(address).content.decode()
    book = load_workbook(BytesIO(steward.get(f"{address}?format=xlsx").content))
    cells = [row[4] for row in book.active.iter_rows(min_row=2, values_only=True)]  # type: ignore[union-attr]
    assert cells == ["使用场景", "使用过程", "应用成效", "存储情况", "应用成效"]
    assert grant.number in b"".join(steward.get("/ledger?format=csv")).decode()
    assert enter("stranger").get(f"{address}?format=xlsx").status_code == 404
    assert "还没有台账" in enter("stranger").get("/ledger").content.decode()


def test_a_service_change_walks_from_proposal_to_acceptance_through_pages(world: World, enter: SignIn, watch) -> None:
    sharing_steps.sharing(world)
    steward, requester, authority = enter("steward"), enter("requester"), enter("authority")
    code = world.entry.code
    assert f"/service-changes/new?entry={code}" in steward.get(f"/manage/entries/{code}").content.decode()
    assert "婚姻状况" in steward.get(f"/service-changes/new?entry={code}").content.decode()
    said = {"entry": code, "kind": "reshape", "reason": "职责划出", "plan": "改由省级接口提供", "effective_on": ""}
    assert steward.post("/service-changes/new", said).status_code == 422
    said |= {"items": "婚姻状况", "effective_on": "2026-11-20"}
    assert "已送使用部门协商" in steward.post("/service-changes/new", said, follow=True).content.decode()
    change = ServiceChange.objects.get()
    address = f"/service-changes/{change.number}"
    assert address in requester.get("/inbox").content.decode()
    assert steward.post(f"{address}/file").status_code == 409
    assert requester.post(f"{address}/answer", {"stance": "object", "text": ""}).status_code == 422
    requester.post(f"{address}/answer", {"stance": "condition", "text": "留三个月过渡"})
    assert "留三个月过渡" in steward.get(address).content.decode()
    assert "已向主管部门备案" in steward.post(f"{address}/file", follow=True).content.decode()
    assert "变更服务的备案" in authority.get(f"/filings/{fresh(change).filing_id}").content.decode()
    assert authority.post(f"{address}/decide", {"accepted": "0", "note": ""}).status_code == 422
    assert "备案已接受" in authority.post(f"{address}/decide", {"accepted": "1"}, follow=True).content.decode()
    assert change.number in requester.get("/service-changes").content.decode()
    assert enter("stranger").get(address).status_code == 404


def test_a_service_change_is_withdrawn(world: World, enter: SignIn) -> None:
    sharing_steps.sharing(world)
    said = {
        "entry": world.entry.code, "kind": "stop", "reason": "停", "plan": "改用省级", "effective_on": "2026-12-01",
    }  # fmt: skip
    steward = enter("steward")
    steward.post("/service-changes/new", said)
    number = ServiceChange.objects.get().number
    assert "已撤回" in steward.post(f"/service-changes/{number}/withdraw", follow=True).content.decode()
    assert "没有服务变更" in enter("stranger").get("/service-changes").content.decode()
