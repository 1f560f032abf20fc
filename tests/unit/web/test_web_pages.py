"""Every page for every role: who sees it, who is told which post it takes, and what is not there."""

from __future__ import annotations

import pytest

from jutong.center.org.permissions import HOLDERS, Permission
from tests import sharing_steps as steps
from tests.sharing_world import World
from tests.unit.web.conftest import SignIn

WHO = ("requester", "requester_head", "steward", "provider_head", "department_head", "authority", "leader", "auditor",
       "system_admin")  # fmt: skip
PAGES = {
    "/": None,
    "/inbox": None,
    "/inbox?tab=over&kind=reply&q=入学": None,
    "/notices": None,
    "/catalog": Permission.CATALOG_ENTRY_VIEW,
    "/catalog?q=婚姻&share_attribute=conditional": Permission.CATALOG_ENTRY_VIEW,
    "/catalog?q=没有这样的词": Permission.CATALOG_ENTRY_VIEW,
    "/catalog/306001/1": Permission.CATALOG_ENTRY_VIEW,
    "/catalog/306001/1/used": Permission.CATALOG_ENTRY_VIEW,
    "/applications": Permission.SHARING_APPLICATION_VIEW,
    "/applications?state=sharing&side=requester": Permission.SHARING_APPLICATION_VIEW,
    "/grants": Permission.SHARING_GRANT_VIEW,
    "/audit": Permission.USAGE_ACCESS_VIEW,
    "/manage/entries": Permission.CATALOG_DRAFT_VIEW,
    "/manage/entries/new": Permission.CATALOG_ENTRY_EDIT,
    "/manage/sources": Permission.FLEET_SOURCE_VIEW,
    "/manage/sources/connect": Permission.FLEET_SOURCE_CONNECT,
    "/manage/sources/civil/password": Permission.FLEET_SOURCE_CONNECT,
    "/review": Permission.CATALOG_ENTRY_REVIEW,
    "/jobs": Permission.JOBS_JOB_VIEW,
    "/jobs/checks": Permission.JOBS_JOB_VIEW,
    "/transfers": Permission.JOBS_JOB_VIEW,
    "/transfers/new": Permission.JOBS_JOB_ORDER,
    "/admin/orgs": Permission.ORG_ORGANISATION_VIEW,
    "/admin/orgs/11629900MB0000001A": Permission.ORG_ORGANISATION_VIEW,
    "/admin/users": Permission.ORG_USER_VIEW,
    "/admin/users/steward": Permission.ORG_USER_VIEW,
    "/admin/calendar": Permission.CLOCKS_CALENDAR_VIEW,
    "/admin/nodes": Permission.FLEET_NODE_VIEW,
    "/admin/audit": Permission.AUDIT_TRAIL_VIEW,
}
MISSING = (
    "/catalog/306001/9", "/catalog/306001/9/used", "/applications/SQ20260101-9999", "/grants/SQ20260101-9999",
    "/audit/01a1ff9e-eacb-73db-8896-f840fb7aacb1", "/manage/entries/306001/9", "/manage/entries/306001/9/bind",
    "/nowhere", "/admin/orgs/nowhere", "/catalog/306001/9/apply",
)  # fmt: skip


@pytest.mark.parametrize("address", PAGES)
def test_each_page_opens_for_the_posts_that_carry_its_permission(world: World, enter: SignIn, address: str) -> None:
    needs = PAGES[address]
    steps.sharing(world)
    for who in WHO:
        role = world.actors[who].role
        response = enter(who).get(address)
        expected = 200 if needs is None or role in HOLDERS[needs] else 403
        assert response.status_code == expected, f"{who} at {address}"
        if expected == 403:
            assert "您的岗位不能做这一步" in response.content.decode()


@pytest.mark.parametrize("address", MISSING)
def test_what_is_not_there_says_so(world: World, enter: SignIn, address: str) -> None:
    response = enter("steward").get(address)
    assert response.status_code == 404
    assert "没有找到" in response.content.decode()


@pytest.mark.parametrize("address", [*PAGES, *MISSING[:-3]])
def test_strangers_are_sent_to_the_entrance(db, client, address: str) -> None:
    if address == "/nowhere":
        pytest.skip("an address without page needs no sign-in")
    response = client.get(address)
    assert response.status_code == 302
    assert response.headers["Location"].startswith("/login?next=")


def test_a_person_of_another_department_learns_nothing_of_an_application(world: World, enter: SignIn) -> None:
    application = steps.submitted(world)
    assert enter("stranger").get(f"/applications/{application.number}").status_code == 404
    assert enter("steward").get(f"/applications/{application.number}").status_code == 200


def test_the_search_box_leads_to_an_application_by_its_number(world: World, enter: SignIn) -> None:
    number = steps.submitted(world).number
    response = enter("steward").get("/catalog", {"q": number})
    assert response.headers["Location"] == f"/applications/{number}"


def test_an_unknown_facet_value_starts_the_search_anew(world: World, enter: SignIn) -> None:
    response = enter("steward").get("/catalog", {"bound": "nonsense"})
    assert response.status_code in {200, 302}


def test_htmx_gets_the_results_alone(world: World, enter: SignIn) -> None:
    response = enter("steward").get("/catalog", headers={"HX-Request": "true"})
    text = response.content.decode()
    assert "婚姻登记信息" in text
    assert "<html" not in text


def test_the_menu_lists_only_what_the_post_may_open(world: World, enter: SignIn) -> None:
    clerk, auditor = enter("requester").get("/").content.decode(), enter("auditor").get("/").content.decode()
    assert 'href="/admin/audit"' in auditor
    assert 'href="/admin/audit"' not in clerk
    assert 'href="/catalog"' in clerk


def test_the_frame_counts_what_waits(world: World, enter: SignIn) -> None:
    steps.submitted(world)
    assert '<span class="count">1' in enter("steward").get("/catalog").content.decode()
    assert '<span class="count">' not in enter("requester_head").get("/catalog").content.decode()


def test_own_data_is_not_applied_for(world: World, enter: SignIn) -> None:
    assert "申请使用" not in enter("steward").get("/catalog/306001/1").content.decode()
    assert "申请使用" in enter("requester").get("/catalog/306001/1").content.decode()


def test_a_person_works_in_another_of_the_own_posts(world: World, enter: SignIn) -> None:
    from jutong.center.org.models import Post, User

    user = User.objects.get(username="requester")
    second = Post.objects.create(user=user, organisation=world.other, role="steward", valid_from=world.entry.created_at)
    client = enter("requester")
    assert "换到 市交通局" in client.get("/").content.decode()
    client.post("/post", {"post": str(second.id)})
    assert "市交通局 数据专员" in client.get("/").content.decode()
    client.post("/post", {"post": str(Post.objects.get(user__username="auditor").id)})
    assert "市交通局 数据专员" in client.get("/").content.decode()


def test_somebody_without_post_is_told_whom_to_ask(world: World, client) -> None:
    from jutong.center.org.models import User

    client.force_login(
        User.objects.create(username="fresh", name="新来", password="!", created_at=world.entry.created_at)
    )
    response = client.get("/")
    assert response.status_code == 403
    assert "您还没有岗位" in response.content.decode()
