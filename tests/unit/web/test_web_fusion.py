"""The pages of a fusion: counts for everybody, the way to the node and to corrections for who keeps the library."""

from __future__ import annotations

import pytest
from django.test import Client

from jutong.center.correction.models import Correction
from jutong.center.library.models import Work
from jutong.center.org.actor import Actor
from jutong.center.org.models import User
from tests.fusion_steps import PERSON, Fused, build, conflict, found, told
from tests.sharing_world import build as build_world

pytestmark = pytest.mark.django_db
HERE = "/library/tables/RK/person"


@pytest.fixture
def fused(db: None) -> Fused:
    return build(build_world())


def browser(actor: Actor) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=actor.username))
    return client


def test_who_keeps_the_library_sends_conflicts_and_both_sides_find_the_record(fused: Fused) -> None:
    keeper = browser(fused.keeper)
    page = keeper.get(f"{HERE}/fusion").content.decode()
    for said in ("判断是不是同一个（7对）", "市公安局", "市民政局", "转为校核", "模型卡", "66.7"):
        assert said in page
    address = f"{HERE}/fusion/send?field=marital&feed=police_people&believed=civil_people"
    assert "一次最多20条" in keeper.get(address).content.decode()
    assert "只转刚才在节点上看的那一条" in keeper.get(f"{address}&only=c1").content.decode()
    wrong = {"field": "marital", "feed": "police_people", "believed": "civil_people", "side": "record", "most": "21"}
    assert keeper.post(address, wrong).status_code == 422
    assert keeper.post(address, {**wrong, "most": "3"}).headers["Location"] == f"{HERE}/fusion"
    assert keeper.get(f"{HERE}/fusion/send?field=marital&feed=x&believed=y").status_code == 404
    told(fused, Work.objects.get(conflict_batch__isnull=False), found(conflict(fused, "c1"), left=29))
    number = Correction.objects.get().number
    page = keeper.get(f"{HERE}/fusion").content.decode()
    assert number in page
    assert "同类还有29条" in page
    assert PERSON not in page
    officer = browser(fused.officer)
    case = officer.get(f"/corrections/{number}").content.decode()
    assert f'href="/corrections/{number}/record"' in case
    assert "还不一致" in officer.get(f"/corrections/{number}/record").content.decode()
    given = officer.post(f"/corrections/{number}/record", {"purpose": "核实"})
    assert 'action="http://127.0.0.1:8301/gw/v1/library"' in given.content.decode()
    assert "http://127.0.0.1:8301" in given.headers["Content-Security-Policy"]
    assert officer.post(f"/corrections/{number}/record", {"purpose": ""}).status_code == 422
    assert browser(fused.world.stranger).get(f"/corrections/{number}/record").status_code == 404


def test_tickets_are_given_to_who_keeps_the_library_and_counts_to_everybody(fused: Fused) -> None:
    keeper = browser(fused.keeper)
    given = keeper.post(f"{HERE}/fusion/open", {"view": "review", "purpose": "判断"}).content.decode()
    assert "票据已签发" in given
    assert keeper.post(f"{HERE}/fusion/open", {"view": "conflict", "purpose": "x"}).status_code == 404
    stranger = browser(fused.world.requester)
    page = stranger.get(f"{HERE}/fusion").content.decode()
    assert "市公安局" in page
    assert "到节点上打开" not in page
    assert stranger.post(f"{HERE}/fusion/open", {"view": "review", "purpose": "x"}).status_code == 403
    card = stranger.get(f"{HERE}/model").content.decode()
    for said in ("99.90%", "98.00%", "+9.8", "完全一致", "splink"):
        assert said in card
    assert stranger.get("/library/tables/RK/none/model").status_code == 404
