from __future__ import annotations

import pytest

from jutong.center.supervision import actions
from jutong.center.supervision.models import Case, ExchangePlatform
from tests.sharing_world import NOW, at
from tests.supervision_steps import offered

pytestmark = pytest.mark.django_db


def text(response) -> str:
    return str(response.content.decode())


def test_a_violation_is_heard_ordered_put_right_and_accepted_by_pages(world, enter, watch):
    case = offered(world)
    page = f"/violations/{case.number}"
    shown = text(enter("authority").get("/violations"))
    assert case.number in shown
    assert "R2 超出范围或者用途使用数据 1" in shown
    shown = text(enter("requester-head").get(page))
    assert "平时每天约12次" in shown
    assert "陈述情况" in shown
    assert "送达责令改正通知书" not in shown
    client = enter("authority")
    assert "送达责令改正通知书" not in text(client.get(page))
    refused = client.post(f"{page}/order", {"text": "改", "days": "5"})
    assert refused.status_code == 409
    assert "还没有听取" in text(refused)
    enter("requester-head").post(f"{page}/state", {"text": "网络重发"})
    assert "网络重发" in text(client.get(page))
    done = client.post(f"{page}/order", {"text": "限制重发", "days": "5"}, follow=True)
    assert "已送达" in text(done)
    paper = text(client.get(f"{page}/notice"))
    assert "ZL20261109-0001" in paper
    assert "请在2026-11-16前改正" in paper
    watch.now = at(2)
    assert "报告改正" in text(enter("requester-head").get(page))
    enter("requester-head").post(f"{page}/fix", {"text": "已限制"})
    client.post(f"{page}/reject", {"text": "没有证据", "days": "3"})
    enter("requester-head").post(f"{page}/fix", {"text": "附记录"})
    client.post(f"{page}/accept", {"text": ""})
    assert Case.objects.get().state == "rectified"
    assert case.number in text(client.get("/violations?state=closed"))
    assert "没有符合的违规" in text(client.get("/violations?q=none"))


def test_what_does_not_hold_is_dismissed_and_what_is_refused_is_handed_on(world, enter, watch):
    first = offered(world)
    client = enter("authority")
    client.post(f"/violations/{first.number}/dismiss", {"text": "业务高峰"})
    assert Case.objects.get(id=first.id).state == "dismissed"
    second = offered(world, subject_id="2")
    watch.now = at(8)
    client.post(f"/violations/{second.number}/order", {"text": "改", "days": "2"})
    refused = client.post(f"/violations/{second.number}/refer", {"text": "拒不改正"})
    assert refused.status_code == 409
    watch.now = at(20)
    client.post(f"/violations/{second.number}/refer", {"text": "拒不改正"})
    assert Case.objects.get(id=second.id).state == "referred"


def test_who_is_no_party_finds_nothing(world, enter):
    case = offered(world)
    assert enter("stranger-head").get(f"/violations/{case.number}").status_code == 404
    assert enter("auditor").get("/violations").status_code == 403
    assert enter("requester-head").get(f"/violations/{case.number}/notice").status_code == 404
    wrong = enter("authority").post(f"/violations/{case.number}/reject", {"text": "x", "days": "x"})
    assert wrong.status_code == 409


def test_a_department_reports(world, enter):
    client = enter("steward")
    assert "被举报单位看不到" in text(client.get("/violations/report"))
    said = {"organisation": world.education.code, "code": "R3", "text": "数据外传", "link": "/grants/GQ1"}
    done = client.post("/violations/report", said, follow=True)
    assert "举报已送主管部门" in text(done)
    case = Case.objects.get()
    assert "市民政局" in text(enter("authority").get(f"/violations/{case.number}"))
    assert "反映单位" not in text(enter("requester-head").get(f"/violations/{case.number}"))
    assert client.post("/violations/report", said).status_code == 409
    assert client.post("/violations/report", {**said, "code": "P4"}).status_code == 422
    assert client.post("/violations/report", {**said, "organisation": "x"}).status_code == 404


def test_platforms_are_registered_and_brought_in(world, enter):
    client = enter("steward")
    client.post("/violations/platforms", {"name": "民政共享平台"})
    platform = ExchangePlatform.objects.get()
    assert "未纳入" in text(client.get("/violations/platforms"))
    assert client.post("/violations/platforms", {"name": "民政共享平台"}).status_code == 409
    assert client.post("/violations/platforms", {"name": "x", "joined_on": "y"}).status_code == 422
    assert client.post("/violations/platforms", {"name": "x", "joined_on": "2026-11-01"}).status_code == 422
    join = f"/violations/platforms/{platform.id}/join"
    assert client.post(join, {"document": "文"}).status_code == 422
    assert enter("stranger").post(join, {"joined_on": "2026-11-01", "document": "文"}).status_code == 404
    client.post(join, {"joined_on": "2026-11-01", "document": "国办函1号"})
    assert "国办函1号" in text(enter("authority").get("/violations/platforms"))
    with pytest.raises(ExchangePlatform.DoesNotExist):
        actions.join_platform(
            platform=platform, joined_on=NOW.date(), document="x", by=world.stranger, now=NOW
        )  # fmt: skip
