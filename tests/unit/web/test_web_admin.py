"""The three administrators' pages: each does its own part and no other's."""

from __future__ import annotations

from datetime import date

import pytest

from jutong.center.clocks.models import CalendarDay, CalendarYear
from jutong.center.org.models import InformationSystem, Organisation, Post, SystemKey, User
from jutong.kernel.keys import generate_signer
from tests import sharing_steps as steps
from tests.center_world import City
from tests.sharing_world import World
from tests.unit.web.conftest import SignIn

ORGANISATION = {
    "code": "11629900MB4817026U", "name": "金河市财政局", "short_name": "市财政局", "division_code": "629900",
    "data_office": "信息科", "kind": "department", "line": "财政",
}  # fmt: skip
PASSWORD = "金河-another-long-9"


def test_an_organisation_is_registered_and_found(city: City, enter: SignIn) -> None:
    client = enter("system_admin")
    response = client.post("/admin/orgs", ORGANISATION, follow=True)
    assert "已登记金河市财政局" in response.content.decode()
    assert "市财政局" in client.get("/admin/orgs", {"q": "财政"}).content.decode()
    text = client.get("/admin/orgs/11629900MB4817026U").content.decode()
    assert "工作机构负责人" in text


def test_a_wrong_credit_code_is_refused_and_the_form_keeps_its_text(city: City, enter: SignIn) -> None:
    response = enter("system_admin").post("/admin/orgs", ORGANISATION | {"code": "11629900MB4817026X"})
    assert response.status_code == 422
    assert 'value="金河市财政局"' in response.content.decode()
    assert not Organisation.objects.filter(name="金河市财政局").exists()


def test_only_the_system_administrator_registers(city: City, enter: SignIn) -> None:
    assert enter("security_admin").post("/admin/orgs", ORGANISATION).status_code == 422
    assert not Organisation.objects.filter(name="金河市财政局").exists()


def test_a_system_its_keys_and_its_end(world: World, enter: SignIn) -> None:
    Post.objects.filter(user__username="leader").update(role="security-admin")
    grant = steps.sharing(world)
    admin, security = enter("system_admin"), enter("leader")
    back = f"/admin/orgs/{world.education.code}"
    assert (
        "已登记系统" in admin.post(f"{back}/systems", {"name": "学籍系统", "level": "3"}, follow=True).content.decode()
    )
    assert admin.post(f"{back}/systems", {"name": "学籍系统", "level": "x"}).status_code in {409, 422}
    made = InformationSystem.objects.get(name="学籍系统")
    signer = generate_signer("roll")
    key = {"key_id": signer.key_id, "public_key": signer.public_b64}
    assert security.post(f"/admin/systems/{made.id}/keys", key, follow=True).status_code == 200
    assert security.post(f"/admin/systems/{made.id}/keys", key).status_code == 409
    assert admin.post(f"/admin/systems/{made.id}/keys", key).status_code == 403
    row = SystemKey.objects.get(system=made)
    revoke = f"/admin/systems/{made.id}/keys/{row.id}/revoke"
    assert "公钥已作废" in security.post(revoke, follow=True).content.decode()
    assert security.post(f"/admin/systems/{made.id}/keys/{grant.id}/revoke").status_code == 404
    assert "系统已停用" in admin.post(f"/admin/systems/{made.id}/close", follow=True).content.decode()
    assert security.post(f"/admin/systems/{made.id}/keys", key | {"key_id": "roll.2"}).status_code in {409, 422}


def test_a_new_key_of_a_system_reaches_the_nodes_of_its_grants(world: World, enter: SignIn) -> None:
    Post.objects.filter(user__username="leader").update(role="security-admin")
    steps.sharing(world)
    before = len(steps.orders("grant"))
    signer = generate_signer("second")
    enter("leader").post(
        f"/admin/systems/{world.system.id}/keys", {"key_id": signer.key_id, "public_key": signer.public_b64}
    )
    after = steps.orders("grant")
    assert len(after) == before + 1
    assert signer.key_id in {key["key_id"] for key in after[-1]["callers"]}


def test_an_account_is_opened_by_one_and_given_a_post_by_another(city: City, enter: SignIn) -> None:
    admin, security = enter("system_admin"), enter("security_admin")
    typed = {"username": "haoren", "name": "郝仁", "password": PASSWORD}
    assert "还要由安全管理员设岗位" in admin.post("/admin/users", typed, follow=True).content.decode()
    refused = admin.post("/admin/users", typed)
    assert refused.status_code in {409, 422}
    post = {"organisation": city.civil.code, "role": "steward"}
    assert admin.post("/admin/users/haoren/posts", post).status_code == 403
    assert "已设岗位：数据专员" in security.post("/admin/users/haoren/posts", post, follow=True).content.decode()
    assert security.post("/admin/users/haoren/posts", post).status_code == 409
    held = Post.objects.get(user__username="haoren")
    assert "岗位已撤" in security.post(f"/admin/posts/{held.id}/end", follow=True).content.decode()
    assert security.post(f"/admin/posts/{held.id}/end").status_code in {403, 404, 409}
    assert "郝仁" in security.get("/admin/users", {"q": "haoren"}).content.decode()


def test_an_account_is_locked_opened_and_given_a_new_password(city: City, enter: SignIn) -> None:
    security = enter("security_admin")
    assert "账号已停用" in security.post("/admin/users/requester/lock", {"active": "0"}, follow=True).content.decode()
    assert not User.objects.get(username="requester").is_active
    assert "账号已启用" in security.post("/admin/users/requester/lock", {"active": "1"}, follow=True).content.decode()
    assert security.post("/admin/users/requester/password", {"password": "123"}).status_code == 422
    done = security.post("/admin/users/requester/password", {"password": PASSWORD}, follow=True)
    assert "密码已重设" in done.content.decode()
    assert User.objects.get(username="requester").must_change_password


def test_a_calendar_year_is_loaded_and_one_day_changed(city: City, enter: SignIn) -> None:
    client = enter("system_admin")
    rows = "2031-01-01 休 元旦\n\n2031-02-08 班 春节调休"
    typed = {"year": "2031", "source": "国办发明电", "rows": rows, "provisional": "1"}
    response = client.post("/admin/calendar", typed, follow=True)
    assert "2031年日历已载入" in response.content.decode()
    assert CalendarYear.objects.get(year=2031).is_provisional
    day = {"day": "2031-03-03", "note": "全市停电", "is_workday": "0"}
    assert "这一天已改" in client.post("/admin/calendar/day", day, follow=True).content.decode()
    assert not CalendarDay.objects.get(date=date(2031, 3, 3)).is_workday


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"year": "明年"}, "请填四位年份"),
        ({"rows": "2031-01-01"}, "第1行看不懂"),
        ({"rows": "2031-01-01 放 元旦"}, "第1行看不懂"),
        ({"rows": "元旦 休 元旦"}, "请填日期"),
    ],
)
def test_a_calendar_nobody_can_read_is_refused(city: City, enter: SignIn, changes: dict[str, str], said: str) -> None:
    typed = {"year": "2031", "source": "国办发明电", "rows": "2031-01-01 休 元旦"} | changes
    response = enter("system_admin").post("/admin/calendar", typed)
    assert response.status_code == 422
    assert said in response.content.decode()
    assert "国办发明电" in response.content.decode()


def test_a_day_that_is_none_is_refused(city: City, enter: SignIn) -> None:
    response = enter("system_admin").post("/admin/calendar/day", {"day": "某天", "note": "x"})
    assert response.status_code == 422
    assert enter("auditor").post("/admin/calendar/day", {"day": "2031-03-03"}).status_code == 403


def test_the_auditor_reads_the_trail_page_by_page(city: City, enter: SignIn) -> None:
    client = enter("auditor")
    text = client.get("/admin/audit", {"event": "org:post:", "username": "platform"}).content.decode()
    assert "org:post:appoint" in text
    assert "org:user:create" not in text
    assert client.get("/admin/audit", {"after": "nonsense"}).status_code == 422


def test_nodes_are_listed_with_their_sources(world: World, enter: SignIn) -> None:
    text = enter("system_admin").get("/admin/nodes").content.decode()
    assert "node-1" in text
    assert "civil" in text
