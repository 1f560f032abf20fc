"""Each kind of task that can be decided in its row, by whom it waits for, and what the row says."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django.test import Client

from jutong.center.catalog.models import Entry
from jutong.center.clocks import actions as clocks
from jutong.center.correction import actions as corrections
from jutong.center.demand.models import Demand
from jutong.center.org.actor import platform_actor
from jutong.center.remedy import actions as remedy
from jutong.center.remedy.actions import Copy
from jutong.center.remedy.models import LedgerAsk, ServiceChange
from jutong.center.returns import actions as returns
from jutong.center.sharing import actions
from jutong.center.sharing.models import Grant, IdleInquiry
from jutong.center.sharing.queries.tasks import TaskKind
from tests import (
    agreement_steps,
    correction_steps,
    demand_steps,
    remedy_steps,
    return_steps,
    sharing_steps,
)
from tests.center_world import City
from tests.inbox_rows import press, rows
from tests.ownership_world import both_publish, proposed
from tests.sharing_steps import fresh
from tests.sharing_world import NOW, World, at
from tests.unit.web.conftest import SignIn, Watch

TURN = datetime(2026, 12, 31, 16, 0, tzinfo=UTC)


def text(client: Client, address: str = "/inbox") -> str:
    return client.get(address).content.decode()


def done(client: Client, kind: TaskKind, button: str, typed: str = "", told: dict[str, str] | None = None) -> None:
    answer = press(client, kind, button, typed, told=told)
    assert answer.status_code == 302, answer.content.decode()
    assert answer.headers["Location"].startswith("/inbox#")
    assert not [row for row in rows(client) if row.startswith(f"t-{kind.value}-")]


def refused(client: Client, kind: TaskKind, button: str, typed: str = "") -> str:
    answer = press(client, kind, button, typed)
    assert 400 <= answer.status_code < 500
    page: str = answer.content.decode()
    assert '<details class="act" open>' in page
    return page


def test_both_sides_of_an_application(world: World, enter: SignIn) -> None:
    asked = sharing_steps.submitted(world)
    actions.ask_supplement(application=asked, missing=["招生文件", "家庭范围"], by=world.steward, now=NOW)
    requester = enter("requester")
    assert "招生文件；家庭范围" in text(requester)
    done(requester, TaskKind.SUPPLEMENT_ANSWER, "提交补正", "已附")
    assert fresh(asked).state == "submitted"
    actions.ask_extension(application=asked, days=3, reason="需核对档案", by=world.steward, now=NOW)
    authority = enter("authority")
    assert "需核对档案" in text(authority)
    done(authority, TaskKind.EXTENSION_DECIDE, "同意延长")
    answers = {row.item_id: actions.Answer("verify", "") for row in asked.items.all()}
    actions.prepare_reply(
        application=fresh(asked), agreed=True, answers=answers, text="只供核验", by=world.steward, now=NOW
    )
    head = enter("provider_head")
    page = text(head)
    for said in ("同意，其中2项少给或不给", "只供核验", f"/applications/{asked.number}/agreement"):
        assert said in page
    assert "说明" in refused(head, TaskKind.REPLY_CONSENT, "退回拟稿人")
    done(head, TaskKind.REPLY_CONSENT, "同意发出答复")
    assert Grant.objects.get(application=asked).state == "awaiting-signing"


def test_the_heads_sign_what_they_read(world: World, enter: SignIn) -> None:
    made = agreement_steps.sent(world)
    provider, requester = enter("provider_head"), enter("requester_head")
    page = text(provider)
    for said in (made.digest, "金河市民政局", "金河市教育局", f"/agreements/{made.number}.html?version=1"):
        assert said in page
    other_text = press(provider, TaskKind.AGREEMENT_SIGN, "签署协议", told={"digest": "sha256:" + "0" * 64})
    assert (other_text.status_code, fresh(made).state) == (409, "sent")
    done(provider, TaskKind.AGREEMENT_SIGN, "签署协议")
    assert fresh(made).state == "signed"
    done(requester, TaskKind.AGREEMENT_SIGN, "退回修改", "更新频率不够")
    assert fresh(made).state == "void"


def test_a_service_change_is_answered_filed_and_taken(world: World, enter: SignIn) -> None:
    sharing_steps.sharing(world)
    change = remedy.propose_change(
        entry=world.entry, kind="reshape", reason="职责划出", plan="改由省级接口提供", items=["婚姻状况"],
        effective_on=date(2026, 11, 20), by=world.steward, now=NOW,
    )  # fmt: skip
    steward, requester, authority = enter("steward"), enter("requester"), enter("authority")
    assert not [row for row in rows(steward) if row.startswith("t-change-decide")]
    assert "改由省级接口提供" in text(requester)
    refused(requester, TaskKind.CHANGE_CONSULT, "需要过渡安排")
    done(requester, TaskKind.CHANGE_CONSULT, "需要过渡安排", "要两周")
    assert "市教育局：需要过渡安排 要两周" in text(steward)
    done(steward, TaskKind.CHANGE_DECIDE, "向主管部门备案")
    assert "金河市教育局：需要过渡安排：要两周" in text(authority)
    done(authority, TaskKind.CATALOG_FILING, "接受备案")
    assert ServiceChange.objects.get(id=change.id).state == "accepted"


def test_a_change_nobody_answers_waits_for_its_proposer_once_the_period_is_over(
    world: World, enter: SignIn, watch: Watch
) -> None:
    sharing_steps.sharing(world)
    change = remedy.propose_change(
        entry=world.entry, kind="stop", reason="职责划出", plan="停止", items=(), effective_on=date(2026, 12, 1),
        by=world.steward, now=NOW,
    )  # fmt: skip
    watch.now = at(40)
    steward = enter("steward")
    assert "市教育局：到期没有答复" in text(steward)
    done(steward, TaskKind.CHANGE_DECIDE, "撤回变更")
    assert fresh(change).state == "withdrawn"


def test_remedies_are_judged_in_their_rows(world: World, enter: SignIn) -> None:
    case = remedy_steps.reported(world)
    head = enter("provider_head")
    assert "已停用批量任务" in text(head)
    refused(enter("steward"), TaskKind.RECTIFICATION_CHECK, "整改不到位")
    done(head, TaskKind.RECTIFICATION_CHECK, "通过并恢复授权")
    assert fresh(case).state == "accepted"


def test_a_disposal_is_verified_in_its_row(world: World, enter: SignIn) -> None:
    case = remedy_steps.disposal_reported(world)
    steward = enter("steward")
    assert refused(steward, TaskKind.DISPOSAL_VERIFY, "退回")
    done(steward, TaskKind.DISPOSAL_VERIFY, "核验通过")
    assert fresh(case).state == "verified"


def test_the_ledger_and_an_idle_grant_are_told_in_their_rows(world: World, enter: SignIn, watch: Watch) -> None:
    grant = sharing_steps.sharing(world)
    by = platform_actor("test")
    clocks.load_calendar_year(year=2027, rows=[], provisional=True, source="暂定", by=by, now=NOW)
    remedy_steps.call(grant, "0199c0de-0000-7000-8000-000000000001", at(1))
    watch.now = at(35)
    actions.ask_idle(now=watch.now)
    done(enter("requester"), TaskKind.GRANT_IDLE, "还要用", "九月招生用")
    assert IdleInquiry.objects.get().answer == "keep"
    watch.now = TURN
    remedy.keep_ledgers(now=TURN)
    requester = enter("requester")
    (forms,) = [forms for row, forms in rows(requester).items() if row.startswith("t-ledger-fill-")]
    assert forms == []
    remedy.write_entry(
        grant=grant,
        part="storage",
        text="入学系统库",
        copies=[Copy("database", "入学库.婚姻")],
        by=world.requester,
        now=TURN,
    )
    assert "入学系统库" in text(requester)
    done(requester, TaskKind.LEDGER_FILL, "补记", "核验了两百户")
    ask = LedgerAsk.objects.get()
    assert ask.state == "filled"
    kept = grant.ledger.filter(part="storage").latest("at", "id")
    assert (kept.text, kept.facts) == ("入学系统库", {"copies": [{"kind": "database", "place": "入学库.婚姻"}]})


def test_corrections_are_taken_up_and_confirmed(world: World, enter: SignIn) -> None:
    case = correction_steps.raised(world)
    steward, requester = enter("steward"), enter("requester")
    assert correction_steps.PERSON not in text(steward)
    answer = press(steward, TaskKind.CORRECTION_ANSWER, "受理核实")
    assert answer.status_code == 302
    assert fresh(case).state == "verifying"
    corrections.refuse(correction=fresh(case), finding="false", text="档案一致", by=world.steward, now=NOW)
    done(requester, TaskKind.CORRECTION_CONFIRM, "确认反馈")
    assert fresh(case).state == "closed"


def test_a_need_is_given_to_who_is_proposed_and_answered(world: World, enter: SignIn) -> None:
    demand_steps.people(world)
    wanted: Demand = demand_steps.stated(world, expected_holder=world.civil.code)
    authority, steward = enter("authority"), enter("steward")
    page = text(authority)
    for said in ("3项：残疾人证号、残疾类别、残疾等级", "公交免费乘车资格核验", f'<option value="{world.civil.code}"'):
        assert said in page
    done(authority, TaskKind.DEMAND_ASSIGN, "派发", "请认领", {"holder": world.civil.code})
    refused(steward, TaskKind.DEMAND_ANSWER, "不持有")
    done(steward, TaskKind.DEMAND_ANSWER, "不持有", "职责已移交残联")
    assert fresh(wanted).state == "not-held"
    assert "不持有" in text(authority)


def test_a_breach_is_explained_and_the_explanation_judged(world: World, enter: SignIn) -> None:
    found = agreement_steps.broken(world)
    steward, requester = enter("steward"), enter("requester")
    done(steward, TaskKind.AGREEMENT_BREACH, "说明和改正", "机房停电，已修")
    assert "机房停电，已修" in text(requester)
    done(requester, TaskKind.AGREEMENT_BREACH, "认可")
    assert fresh(found).state == "settled"


def test_a_return_is_compared_with_a_number(world: World, enter: SignIn) -> None:
    upper = return_steps.province(world)
    flow = return_steps.returning(world, upper)
    returns.count_return(flow=flow, counted=100, by=world.upper_steward, now=NOW)
    requester = enter("requester")
    assert "100条" in text(requester)
    refused(requester, TaskKind.RETURN_CHECK, "核对", "九十")
    done(requester, TaskKind.RETURN_CHECK, "核对", "90")
    assert fresh(flow).state == "short"


def test_a_position_is_stated_and_more_time_given(city: City, enter: SignIn) -> None:
    both_publish(city)
    made = proposed(city)
    steward, authority = enter("steward"), enter("authority")
    refused(steward, TaskKind.SOURCE_POSITION, "不同意")
    done(steward, TaskKind.SOURCE_POSITION, "同意")
    assert made.positions.filter(stance="agree").count() == 1
    code = Entry.objects.get(organisation=city.civil).code
    said: dict[str, Any] = {"kind": "law", "title": "修法", "basis": "主席令", "happened_on": "2026-11-02"}
    steward.post("/changes/new", {**said, "entries": code})
    steward.post(f"/manage/entries/{code}/extension", {"days": "5", "extension_reason": "等细则"})
    assert "等细则" in text(authority)
    refused(authority, TaskKind.CATALOG_EXTENSION, "不延期")
    done(authority, TaskKind.CATALOG_EXTENSION, "同意延期")
