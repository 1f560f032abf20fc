"""The pages of changes of structure and of erasures: who sees them, who may take which step, and what they show."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from jutong.center.care.models import Erasure, Evolution
from jutong.center.library.models import LibraryTable
from jutong.center.org.enums import Role
from tests.sharing_world import World, at, person
from tests.unit.center.care import test_center_care as steps
from tests.unit.web.conftest import signed_in
from tests.unit.web.test_web_library import text


@pytest.fixture
def world(db: None, monkeypatch: pytest.MonkeyPatch) -> World:
    return steps.filled()


def refused(client: Client, address: str, **sent: str) -> str:
    response = client.post(address, sent)
    assert response.status_code in {409, 422}, response.status_code
    return response.content.decode()


def test_a_new_field_goes_from_the_form_to_the_table(world: World) -> None:
    steward, authority = signed_in("steward"), signed_in("authority")
    table = str(LibraryTable.objects.get(library__code="RK", name="person").id)
    asked = {"table": table, "name": "disability_number", "title": "残疾人证号", "element": "DE01027", "ground": "补贴"}
    assert "残疾人证号" in text(steward, "/library/evolutions/propose")
    assert "name" in refused(steward, "/library/evolutions/propose", **{**asked, "name": "name"})
    assert refused(steward, "/library/evolutions/propose", **{**asked, "table": "x"})
    assert steward.post("/library/evolutions/propose", asked).status_code == 302
    page = f"/library/evolutions/{Evolution.objects.get().id}"
    assert "待部门负责人同意" in text(authority, page)
    assert authority.post(f"{page}/agree").status_code == 302
    person(world.civil, Role.DEPARTMENT_HEAD, "head-9", "民政局长")
    assert signed_in("head-9").post(f"{page}/agree").status_code == 302
    shown = text(steward, page)
    assert "已发布" in shown
    assert "person.disability_number" in shown
    assert "撤回" not in shown
    assert "disability_number" not in text(authority, "/library/evolutions")
    assert signed_in("requester").post(f"{page}/agree").status_code == 403


def test_an_erasure_is_asked_for_seen_and_agreed_to(world: World) -> None:
    steward, authority = signed_in("steward"), signed_in("authority")
    assert "有效的公民身份号码" in refused(steward, "/library/erasures", number="1", ground="本人申请")
    assert steward.post("/library/erasures", {"number": steps.NUMBER, "ground": "本人申请"}).status_code == 302
    found = Erasure.objects.get()
    page = f"/library/erasures/{found.id}"
    assert "节点正在清点" in text(steward, page)
    assert refused(authority, f"{page}/agree")
    assert refused(steward, f"{page}/prove")
    table = {"zone": "fused", "code": "RK", "table": "person"}
    rows = [{"table": table, "rows": 1, "emptied": 2, "files_removed": 0, "lost": []}]
    Erasure.objects.update(state="counted", counted=rows)
    shown = text(authority, page)
    assert "fused/RK/person" in shown
    assert "同意删除" in shown
    assert "同意删除" not in text(steward, page)
    assert authority.post(f"{page}/agree").status_code == 302
    assert refused(steward, f"{page}/withdraw")
    Erasure.objects.update(state="erased", erased=rows, erased_at=at(1), proven_at=at(1), remaining=0, digest="d" * 64)
    shown = text(steward, page)
    assert "d" * 64 in shown
    assert not re.search(steps.NUMBER, shown + text(steward, "/library/erasures"))
    assert steward.post(f"{page}/prove").status_code == 302
    assert signed_in("requester").get("/library/erasures").status_code == 403
    person(world.other, Role.STEWARD, "steward-9", "别的专员")
    assert signed_in("steward-9").get(page).status_code == 404
