"""The libraries by program: what they hold, one table, and the works on them."""

from __future__ import annotations

from django.utils import timezone

from jutong.center.library import definitions, feeds, ordering
from jutong.center.library.models import Work
from tests import sharing_world
from tests.api_client import Caller
from tests.unit.center.library.test_chain import LIBRARY


def test_a_program_reads_what_the_libraries_hold(db: None) -> None:
    world, now = sharing_world.build(), timezone.now()
    world.bind()
    definitions.publish(definition=LIBRARY, by=world.authority, now=now)
    feeds.propose(by=world.steward, now=now)
    work = ordering.try_engine(address="sc://spark:15002", by=world.system_admin, now=now)
    Work.objects.filter(id=work.id).update(state="done", result={"engine": "spark", "rows": 100})
    reader = Caller(world.requester, now)
    (library,) = reader.get("/library")["rows"]
    assert [table["name"] for table in library["tables"]] == ["person", "household"]
    found = reader.get("/library/tables/RK/person")
    assert (found["table"]["rows"], found["table"]["late_hours"], found["versions"]) == (None, 0, [])
    assert found["definition"]["fields"][0]["name"] == "id_number"
    assert reader.refused("GET", "/library/tables/RK/none")[0] == 404
    assert reader.refused("GET", "/library/tables/rk/person")[0] == 422
    page = reader.get("/library/works?kind=try-engine&state=done&limit=1")
    assert [row["id"] for row in page["rows"]] == [str(work.id)]
    one = reader.get(f"/library/works/{work.id}")
    assert (one["result"]["rows"], one["library"], one["kind_label"]) == (100, "", "试算计算引擎")
    assert reader.refused("GET", f"/library/works/{world.entry.id}")[0] == 404
