"""Pages that lead to the node: they hand out a ticket and let the form go there, and nowhere else."""

from __future__ import annotations

import re

from jutong.center.fleet.models import Source
from tests.sharing_world import World
from tests.unit.center.jobs.test_control import aside
from tests.unit.web.conftest import SignIn


def test_a_steward_is_led_to_the_node_with_a_ticket(world: World, enter: SignIn) -> None:
    job = aside(world)
    steward = enter(world.steward.username)
    page = f"/jobs/{job.id}/quarantine"
    shown = steward.get(page)
    assert "id_number" in shown.text
    assert 'name="ticket"' not in shown.text
    given = steward.post(page)
    assert re.search(r'action="http://gateway.test/gw/v1/repairs"[^>]*target="_blank"', given.text)
    assert len(re.findall(r'name="ticket" value="[\w=-]{200,}"', given.text)) == 1
    assert "form-action 'self'" in given.headers["content-security-policy"]
    assert "http://gateway.test" in given.headers["content-security-policy"]
    assert "http://gateway.test" not in shown.headers["content-security-policy"]

    assert "/manage/sources/connect" in steward.get("/manage/sources").text
    connect = "/manage/sources/connect"
    assert "由节点" in steward.get(connect).text
    typed = {"name": "Bad Name", "node": world.node.name}
    refused = steward.post(connect, typed)
    assert (refused.status_code, 'value="Bad Name"' in refused.text) == (422, True)
    good = steward.post(connect, {**typed, "name": "new-one"})
    assert 'action="http://gateway.test/gw/v1/connect"' in good.text
    assert Source.objects.filter(name="new-one").count() == 0  # it is there when the node reports it
    password = f"/manage/sources/{world.source.name}/password"
    assert password in steward.get("/manage/sources").text
    assert 'name="ticket"' not in steward.get(password).text
    given = steward.post(password)
    assert 'action="http://gateway.test/gw/v1/password"' in given.text
    assert "http://gateway.test" in given.headers["content-security-policy"]
    assert steward.get("/manage/sources/nowhere/password").status_code == 404
    for other in (world.provider_head, world.requester):
        client = enter(other.username)
        assert {client.post(page).status_code, client.post(connect, typed).status_code} == {403}
