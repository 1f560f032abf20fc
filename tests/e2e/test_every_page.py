"""Every page at a desk's width and a telephone's: accessible, inside the screen, nothing said in the console."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e
ENTRY = "户籍人口基本信息"
OWN = {
    "wusiyuan": (
        "/", "/inbox", "/notices", "/catalog", f"/catalog?q={quote('户籍')}", f"/catalog?q={quote('没有这种数据')}",
        "/applications", "/grants", "/audit", "/settings", "/account/password", "/account/2fa/totp/activate", "/logout",
        "/nowhere", "/admin/users", "/post", "/demands", "/demands/new", "/corrections/new", "/disputes/new",
        "/returns/new", "/rectifications", "/duties", "/inventories/demands", "/clocks/calculator", "/clocks/rules",
        "/me/notifications",
    ),
    "zhengyawen": (
        "/delegations", "/applications/batch", "/manage/complaints", "/secrecies", "/agreements",
    ),
    "zhouqiang": (
        "/", "/inbox", "/applications", "/manage/entries", "/manage/entries/new", "/manage/sources", "/jobs",
        "/catalog/saved", "/manage/imports", "/manage/sources/police-population/describe", "/manage/sources/connect",
        "/manage/binding-rates",
        "/manage/work/assess", "/manage/work/submit", "/manage/batches", "/changes", "/changes/new",
        "/inventories/systems", "/inventories/duties", "/inventories/withheld", "/inquiries", "/inquiries/new",
        "/violations/report", "/violations/platforms", "/library/feeds",
    ),
    "caitunan": ("/disposals", "/service-changes"),
    "gaozhenbang": ("/", "/inbox", "/manage/work/consent"),
    "linyue": (
        "/", "/inbox", "/review", "/applications", "/grants", "/changes", "/manage/batches", "/violations", "/disputes",
        "/returns", "/library", "/library/tables/RK/person", "/library/publish", "/library/works",
    ),
    "chenyu": (
        "/", "/admin/orgs", "/admin/users", "/admin/users/zhouqiang", "/admin/calendar", "/admin/nodes", "/jobs",
        "/admin/channels", "/admin/channels/new", "/admin/channels/undelivered", "/library/engine",
    ),
    "guyan": ("/admin/users/zhouqiang", "/admin/orgs"),
    "shenqing": ("/", "/audit", "/admin/audit"),
    "pengzhiyuan": ("/", "/catalog", "/violations"),
}  # fmt: skip
FIRST = {
    "wusiyuan": ("/demands", "/corrections", "/disposals", "/ledger", "/returns", "/breaches", "/grants"),
    "zhengyawen": ("/manage/complaints", "/agreements"),
    "zhouqiang": ("/demands", "/corrections", "/rectifications", "/violations"),
    "caitunan": ("/disposals", "/service-changes", "/violations"),
    "linyue": ("/demands", "/disputes", "/violations", "/returns"),
    "pengzhiyuan": ("/disputes",),
}
"""Lists whose first case is opened, by whoever has a step to take in it."""


def _look(visitor: Visitor, address: str, found: dict[str, list[str]]) -> None:
    visitor.complaints.clear()
    visitor.open(address)
    _see(visitor, address, found)


def _see(visitor: Visitor, what: str, found: dict[str, list[str]]) -> None:
    if faults := visitor.faults_at_both_widths():
        found[what] = faults


@pytest.mark.parametrize("username", OWN)
def test_the_pages_of_a_post(visit: Callable[..., Visitor], username: str) -> None:
    visitor = visit(username)
    found: dict[str, list[str]] = {}
    for address in OWN[username]:
        _look(visitor, address, found)
    for address in FIRST.get(username, ()):
        _look(visitor, _first(visitor, address), found)
    assert found == {}


def _first(visitor: Visitor, listing: str) -> str:
    """Return where the first case of a list leads."""
    visitor.open(listing)
    link = visitor.page.locator(f"main table a[href^='{listing}/']").first
    return link.get_attribute("href") or ""


@pytest.mark.parametrize("switch", ["theme=dark", "size=large", "lang=en"])
def test_other_looks_and_the_other_language(visit: Callable[..., Visitor], switch: str) -> None:
    visitor = visit("zhouqiang")
    visitor.open(f"/?{switch}")
    found: dict[str, list[str]] = {}
    for address in ("/", "/inbox", "/catalog", "/applications", "/manage/entries/new"):
        _look(visitor, address, found)
    assert found == {}


def test_the_entrance(visit: Callable[..., Visitor]) -> None:
    visitor = visit()
    found: dict[str, list[str]] = {}
    for address in (
        "/login", "/account/signup", "/account/inactive", "/nowhere", "/complaints/new", "/complaints/follow",
        "/me/uses", "/open",
    ):  # fmt: skip
        _look(visitor, address, found)
    visitor.open("/login")
    visitor.page.get_by_label("账号", exact=True).fill("nobody")
    visitor.page.get_by_label("密码", exact=True).fill("wrong")
    visitor.click("登录")
    assert "还可以再试" in visitor.page.get_by_role("alert").inner_text()
    _see(visitor, "refused", found)
    assert found == {}


def test_pages_of_one_thing(visit: Callable[..., Visitor]) -> None:
    """An entry, its uses, an application to answer, an organisation: found as people find them, by clicking."""
    found: dict[str, list[str]] = {}
    clerk = visit("wusiyuan")
    clerk.open(f"/catalog?q={quote(ENTRY)}")
    clerk.page.get_by_role("link", name=ENTRY, exact=True).click()
    entry = clerk.page.url.removeprefix(clerk.platform.base)
    for address in (entry, f"{entry}/used", f"{entry}/apply"):
        _look(clerk, address, found)
    clerk.click("下一步")
    _see(clerk, "refused step", found)

    steward = visit("zhouqiang")
    for address in (
        entry.replace("/catalog/", "/manage/entries/"),
        entry.replace("/catalog/", "/manage/entries/") + "/bind",
    ):
        _look(steward, address, found)
    steward.open("/inbox")
    steward.page.locator("main").get_by_role("link", name="社保待遇领取资格认证").click()
    _look(steward, steward.page.url.removeprefix(steward.platform.base), found)

    admin = visit("guyan")
    admin.open("/admin/orgs")
    admin.page.locator("main").get_by_role("link").first.click()
    _look(admin, admin.page.url.removeprefix(admin.platform.base), found)
    assert found == {}


def test_an_entry_in_the_making(visit: Callable[..., Visitor]) -> None:
    """Registered, assessed, and seen by the head who has to agree."""
    found: dict[str, list[str]] = {}
    steward = visit("zhouqiang")
    page = steward.page
    steward.open("/manage/entries/new")
    steward.click("存草稿")
    assert page.get_by_role("alert").is_visible()
    assert page.evaluate("document.activeElement.id") == "problem", "the summary has the focus"
    _see(steward, "refused form", found)
    name = "走失人员登记"
    page.get_by_label("数据目录名称").fill(name)
    page.get_by_label("信息资源分类").fill("307011")
    steward.click("存草稿，下一步")
    page.get_by_label("第1行名称").fill("登记编号")
    steward.click("存草稿")
    assert "草稿已存" in page.get_by_role("status").inner_text()
    draft = page.url.removeprefix(steward.platform.base)
    steps = [f"{draft}/edit/{step}" for step in ("basic", "items", "sharing", "grading", "review")]
    for address in (draft, *steps, f"{draft}/bind"):
        _look(steward, address, found)
    steward.open(draft)
    steward.click("提交审核") if page.get_by_role("button", name="提交审核").count() else None
    _see(steward, "refused step", found)
    assert found == {}
