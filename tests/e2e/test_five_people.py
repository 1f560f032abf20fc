"""One data need as five people walk it: found, applied for, agreed to, supplied, called, and seen in the trail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from jutong.demo.cases import SCHOOL_FAMILY
from jutong.kernel.clock import utc_now
from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e
ENTRY = "户籍人口基本信息"
TITLE = "义务教育入学户籍核验"
CASE = "RX-2027-000317"
GIVEN = {"公民身份号码": "明文", "姓名": "明文", "户籍地址": "明文"}
REASON = "核对入学登记的监护人身份和户籍，家长不用再交复印件"


def _apply(clerk: Visitor) -> str:
    page = clerk.page
    page.get_by_role("searchbox").first.fill("户籍人口")
    page.keyboard.press("Enter")
    page.get_by_role("link", name=ENTRY, exact=True).click()
    page.get_by_role("link", name="申请使用").click()
    page.get_by_label("标题").fill(TITLE)
    page.get_by_label("使用场景").fill("小学一年级入学登记，教育局招生办核对监护人与适龄儿童的户籍")
    page.get_by_label("使用依据").fill("中华人民共和国义务教育法第十二条")
    page.get_by_label("使用范围").fill("市教育局招生办及各区县招生点工作人员，2027年入学家庭")
    clerk.click("下一步")
    for item, mode in GIVEN.items():
        page.get_by_role("radiogroup", name=f"{item}授权方式").get_by_label(mode, exact=True).check()
    for box in page.locator("tr.why textarea").all():
        if box.is_visible():
            box.fill(REASON)
    clerk.click("下一步")
    page.get_by_label("共享方式").select_option("service")
    page.get_by_label("用数系统").select_option(label="义务教育入学系统")
    page.get_by_label("使用时限到哪天").fill((utc_now() + timedelta(days=280)).date().isoformat())
    page.get_by_label("每天最多调用几次").fill("500")
    clerk.click("下一步")
    for promise in ("申请内容真实", "使用合法，不超范围、不改用途、不给第三方", "为履行职责所必需"):
        page.get_by_label(promise).check()
    clerk.click("提请本部门负责人同意")
    expect(page.get_by_role("status")).to_contain_text("已提请")
    return page.url.rsplit("/", 1)[1]


def _decide(person: Visitor, task: str, button: str, said: str) -> None:
    """Take a task from the inbox, where it must be waiting."""
    person.open(f"/inbox?q={quote(task)}")
    person.page.get_by_role("link", name=task).click()
    person.click(button)
    expect(person.page.get_by_role("status")).to_contain_text(said)


def _decide_in_row(person: Visitor, task: str, button: str, said: str) -> None:
    """Decide a task where it is listed; only its row is exchanged."""
    person.open(f"/inbox?q={quote(task)}")
    row = person.page.get_by_role("listitem").filter(has=person.page.get_by_role("link", name=task))
    row.get_by_text("就在这里办").click()
    assert person.faults() == []
    row.get_by_role("button", name=button).click()
    expect(person.page.get_by_role("status")).to_contain_text(said)
    expect(person.page.get_by_role("link", name=task)).to_have_count(0)


def test_one_need_travels_from_search_to_proof(visit: Callable[..., Visitor]) -> None:
    clerk = visit("wusiyuan")
    number = _apply(clerk)
    _decide_in_row(visit("zhengyawen"), TITLE, "同意并提交申请", "已送达提供方")
    _decide(visit("zhouqiang"), TITLE, "拟同意", "等本部门工作机构负责人同意")
    _decide(visit("liangshian"), TITLE, "同意发出答复", "答复已发出")
    _decide(visit("liangshian"), TITLE, "签署协议", "已签署")
    _decide(visit("zhengyawen"), TITLE, "签署协议", "已签署")

    clerk.open(f"/applications/{number}")
    clerk.reload_until("共享中")
    assert clerk.faults() == []
    clerk.click("看授权", "link")
    assert clerk.faults() == []
    clerk.click("在线试用一次")
    assert clerk.faults() == []
    father = SCHOOL_FAMILY.father
    clerk.page.get_by_label("公民身份号码", exact=True).first.fill(father.number)
    clerk.page.get_by_label("办件号").first.fill(CASE)
    clerk.click("查询")
    expect(clerk.page.locator("body")).to_contain_text(father.name)
    assert clerk.page.url.startswith(clerk.platform.gateway), "the values went to the node, not to the center"
    assert clerk.faults() == []

    auditor = visit("shenqing")
    auditor.open("/audit")
    auditor.reload_until(CASE)
    auditor.page.get_by_role("row", name=CASE).get_by_role("link").click()
    assert ENTRY in auditor.text()
    assert auditor.faults() == [], auditor.page.url
    assert father.number not in auditor.page.content(), "the trail names fields, never values"
