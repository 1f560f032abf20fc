"""Lineage and impact: only what records prove, field by field, and names only for who may know them."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection
from datetime import timedelta

import pytest

from jutong.center.fleet.models import Node, Source
from jutong.center.fleet.receipts import apply_receipt
from jutong.center.jobs import actions as jobs
from jutong.center.jobs.models import Job
from jutong.center.jobs.work import Work
from jutong.center.library.models import FeedRow, Library, LibraryTable
from jutong.center.library.models import Work as LibraryWork
from jutong.center.lineage import reading
from jutong.center.lineage.graph import Evidence, Graph, Pair, Place, Tie
from jutong.center.lineage.walking import MOST_PLACES, walk
from jutong.center.usage.models import DailyUse
from jutong.contracts import rules as rule
from jutong.contracts import steps as step
from jutong.contracts.copies import ServeOrder
from jutong.contracts.derive import DeriveField, DeriveInput, DeriveOrder, DeriveSource, DeriveSpec
from jutong.contracts.envelope import Document
from jutong.contracts.fusion import FuseOrder, FusionSpec
from jutong.contracts.library import Feed, FieldDefinition, TableDefinition
from jutong.contracts.receipts import MovedReceipt
from jutong.contracts.standardising import StandardiseOrder
from jutong.web.lineage.drawing import MOST_IN_COLUMN, columns
from tests import sharing_steps as steps
from tests.sharing_world import NOW, World
from tests.unit.web.conftest import SignIn

WORK = Work(
    steps=(step.Rename(id="called", column="name", to="full_name"),),
    masks=(rule.ColumnMask(column="address", mask="address"),),
)
LATER = NOW + timedelta(hours=1)
TABLE, LANDED = "table:civil/public/marriage", "library:landed/11629900MB0000002B/hy"


@pytest.fixture
def city(world: World) -> World:
    steps.sharing(world)
    world.entry.refresh_from_db()
    told = [
        {"name": name, "type": "text", "nullable": True, "comment": "婚姻状况" * (name == "marital")}
        for name in ("id_number", "name", "marital", "address", "division")
    ]
    Source.objects.update(tables=[{"schema_name": "public", "name": "marriage", "columns": told}])
    job = jobs.order_job(entry=world.entry, work=WORK.model_copy(update={"target": "hy"}), by=world.steward, now=NOW)
    done = MovedReceipt(
        job_id=str(job.id), state="done", rows_read=3, rows_written=3, source_digest="jc1:3:aa",
        target_digest="jc1:3:aa", delta_version=1, leaf_index=9, finished_ms=int(LATER.timestamp() * 1000),
    )  # fmt: skip
    apply_receipt(node=Node.objects.get(), envelope=world.receipt("moved", done, LATER), now=LATER)
    DailyUse.objects.create(
        day=NOW.date(), entry_code=world.entry.code, provider_code=world.civil.code, last_at=NOW, rows=5, calls=1234,
        requester_code=world.education.code, requester_name=world.education.name,
    )  # fmt: skip
    return world


def ends(graph: Graph) -> set[tuple[str, str]]:
    return {(tie.before, tie.after) for tie in graph.within()}


def test_every_tie_stands_on_a_record_and_carries_its_fields(city: World) -> None:
    code = f"entry:{city.entry.code}"
    whole = reading.picture(city.steward, code, up=3, down=4, now=LATER)
    grant = next(name for name in whole.places if name.startswith("grant:"))
    user = f"user:{city.education.code}"
    assert ends(whole) == {(TABLE, code), (code, grant), (grant, user)}
    table = reading.picture(city.steward, TABLE, down=4, now=LATER)
    assert ends(table) == {(TABLE, code), (code, grant), (grant, user), (TABLE, LANDED)}
    moved = next(tie for tie in table.within() if tie.after == LANDED)
    done = Job.objects.get(state="done")
    assert (moved.evidence.address, moved.evidence.at) == (f"/jobs/{done.id}", done.finished_at)
    assert {(pair.before, pair.after, pair.is_masked) for pair in moved.pairs} == {
        ("id_number", "id_number", False), ("name", "full_name", False), ("marital", "marital", False),
        ("address", "address", True), ("division", "division", False),
    }  # fmt: skip
    back = reading.picture(city.steward, LANDED, names=["full_name"], up=2, now=LATER)
    assert [(tie.before, [pair.before for pair in tie.pairs]) for tie in back.within()] == [(TABLE, ["name"])]
    Job.objects.filter(id=done.id).update(state="failed")
    assert (TABLE, LANDED) not in ends(reading.picture(city.steward, TABLE, now=LATER))


def test_a_field_nobody_was_granted_hits_nobody(city: World) -> None:
    code = f"entry:{city.entry.code}"
    hit = reading.impact(city.steward, code, names=["姓名"], now=LATER)
    assert [(one.place.title, one.fields) for one in hit.departments] == [("金河市教育局", ("姓名",))]
    assert "1,234" in str(hit.departments[0].uses[0].evidence.label)
    assert [place.id for place in hit.tables] == [LANDED], "what was moved from behind the entry is hit as well"
    assert hit.entries == ()
    spared = reading.impact(city.steward, code, names=["行政区划"], now=LATER)
    assert (spared.departments, spared.hidden) == ((), ())
    whole = reading.impact(city.steward, TABLE, names=["name"], now=LATER)
    assert [place.id for place in whole.tables] == [LANDED]
    assert len(whole.departments) == 1


def test_names_are_for_who_may_know_them(city: World, enter: SignIn) -> None:
    address = f"/catalog/{city.entry.code}/lineage?up=2&down=3"
    own = enter("steward").get(address).content.decode()
    assert "public.marriage" in own
    assert "金河市教育局" in own
    client = enter("stranger")
    other = client.get(address).content.decode()
    for hidden in ("public.marriage", "marital", "教育局"):
        assert hidden not in other
    assert "另有1个部门" in other
    assert "另有1个部门" in client.get(f"/catalog/{city.entry.code}/impact").content.decode()
    for unknown in (TABLE, LANDED, "table:civil/public/nothing", "grant:x", "entry:none", "", "library:../x/y"):
        assert client.get("/lineage", {"at": unknown}).status_code == 404, unknown
    assert enter("steward").get("/lineage/impact", {"at": TABLE, "field": "marital"}).status_code == 200


def test_the_file_has_a_line_for_every_pair(city: World, enter: SignIn) -> None:
    answer = enter("steward").get("/lineage/export", {"at": TABLE, "down": "x", "field": "address"})
    text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.reader(io.StringIO(text)))[1:]
    assert ["public.marriage", "金河市民政局", "address", "hy", "金河市民政局", "address", "已脱敏"] in [
        row[:7] for row in rows
    ]
    assert {row[2] for row in rows} == {"address"}


PERSON = TableDefinition(
    name="person", title="人口基本信息", kind="entity", entity="person", keys=("identity",), owner="police",
    fields=(FieldDefinition(name="identity", title="公民身份号码"), FieldDefinition(name="name", title="姓名")),
)  # fmt: skip
HOME = TableDefinition(
    name="home", title="户", kind="derived", keys=("head",), owner="police",
    fields=tuple(FieldDefinition(name=name, title=name) for name in ("head", "people")),
)  # fmt: skip


def worked(table: LibraryTable, kind: str, body: Document, minutes: int, feed: FeedRow | None = None) -> LibraryWork:
    return LibraryWork.objects.create(
        kind=kind, library=table.library, table=table.name, feed=feed, node=table.library.node,
        body=body.model_dump(mode="json"),
        state="done", ordered_at=NOW, finished_at=NOW + timedelta(minutes=minutes),
    )  # fmt: skip


@pytest.fixture
def stocked(city: World) -> World:
    """What was landed is standardised, fused, counted into another table and copied into a database."""
    library = Library.objects.create(code="POP", kind="base", title="人口库", version="1", node=Node.objects.get())
    tables = {
        one.name: LibraryTable.objects.create(
            library=library, name=one.name, title=one.title, kind=one.kind, owner=one.owner, cycle="daily",
            definition=one.model_dump(mode="json"), fresh_at=NOW,
        )
        for one in (PERSON, HOME)
    }  # fmt: skip
    feed = Feed(
        name="civil_person", organisation_code=city.civil.code, organisation_name=city.civil.name, role="civil",
        landed="hy", library="POP", table="person", key="id_number",
        columns=(("identity", "id_number"), ("name", "full_name")),
    )  # fmt: skip
    row = FeedRow.objects.create(
        table=tables["person"], name=feed.name, organisation=city.civil, role="civil", landed="hy", key="id_number",
        columns=[list(pair) for pair in feed.columns], state="on", proposed_at=NOW,
    )  # fmt: skip
    for minutes in (1, 2):
        worked(tables["person"], "standardise", StandardiseOrder(table=PERSON, feed=feed), minutes, row)
    spec = FusionSpec(version="1", effective_from="2026-01-01")
    worked(tables["person"], "fuse", FuseOrder(library="POP", table=PERSON, feeds=(feed,), spec=spec), 3)
    growing = DeriveSpec(
        library="POP", table="home", version="1", effective_from="2026-01-01",
        sources=(DeriveSource(part="p", library="POP", table="person", by=("identity",)),),
        fields=(DeriveField(name="people", part="p", measure="count", column="name"),),
    )  # fmt: skip
    inputs = (DeriveInput(part="p", definition=PERSON),)
    worked(tables["home"], "derive", DeriveOrder(library="POP", table=HOME, spec=growing, inputs=inputs), 4)
    copied = ServeOrder(
        library="POP", table="person", source="civil", target="pop_person", keys=("entity_id",),
        titles=(("identity", "公民身份号码"), ("name", "姓名")),
    )  # fmt: skip
    worked(tables["person"], "serve", copied, 5)
    source = Source.objects.get()
    seen = [
        {"name": name, "type": "text", "nullable": True, "comment": ""} for name in ("entity_id", "identity", "name")
    ]
    source.tables = [*source.tables, {"schema_name": "library", "name": "pop_person", "columns": seen}]
    source.save()
    return city


def test_a_field_is_followed_through_the_whole_library(stocked: World, enter: SignIn) -> None:
    table, feed, person, home, copy = (
        TABLE, "library:standardised/11629900MB0000002B/civil_person", "library:fused/POP/person",
        "library:fused/POP/home", "table:civil/library/pop_person",
    )  # fmt: skip
    down = reading.picture(stocked.steward, table, names=["name"], down=8, now=LATER)
    followed = {(tie.before, tie.after): [(pair.before, pair.after) for pair in tie.pairs] for tie in down.within()}
    assert followed[table, LANDED] == [("name", "full_name")]
    assert followed[LANDED, feed] == [("full_name", "name")]
    assert followed[feed, person] == [("name", "name")]
    assert followed[person, home] == [("name", "people")]
    assert followed[person, copy] == [("name", "name")]
    newest = LibraryWork.objects.filter(kind="standardise").latest("finished_at")
    assert next(tie for tie in down.within() if tie.after == feed).evidence.address == f"/library/works/{newest.id}"
    up = reading.picture(stocked.steward, copy, names=["identity"], up=8, now=LATER)
    assert [tie.before for tie in up.within()] == [table, LANDED, feed, person]
    assert [pair.before for pair in up.within()[0].pairs] == ["id_number"]
    back = reading.picture(stocked.steward, home, names=["people"], up=2, down=0, now=LATER)
    assert ends(back) == {(feed, person), (person, home)}
    page = enter("stranger").get("/lineage", {"at": person, "up": "3"})
    text = page.content.decode()
    assert ("人口基本信息" in text, "full_name" in text) == (True, False)
    assert enter("stranger").get("/lineage", {"at": feed}).status_code == 404
    LibraryTable.objects.filter(name="person").update(fresh_at=NOW - timedelta(days=9))
    assert "数据不正常" in enter("steward").get("/lineage", {"at": feed}).content.decode()


class Fan:
    """A record that ties one place to a great many."""

    def down(self, places: Collection[Place]) -> list[tuple[Place, Tie]]:
        if [place.id for place in places] != ["entry:a"]:
            return []
        far = [Place(f"user:{n}", f"u{n}", owner=f"部门{n % 3}", fields={"x": "x"}) for n in range(300)]
        return [(place, Tie("entry:a", place.id, (Pair("x", "x"),), Evidence("use", "u"))) for place in far]

    def up(self, places: Collection[Place]) -> list[tuple[Place, Tie]]:
        return [(place, Tie(place.id, place.id, (Pair("x", "x"),), Evidence("use", "loop"))) for place in places]


def test_many_places_are_grouped_and_a_loop_ends() -> None:
    graph = walk(Place("entry:a", "a", fields={"x": "x"}), [Fan()], up=4, down=4)
    assert graph.is_cut
    assert len(graph.places) == MOST_PLACES
    grouped = columns(graph)[-1]
    assert [(box.owner, box.place) for box in grouped.boxes] == [(f"部门{n}", None) for n in range(3)]
    assert len(grouped.lines) == 3
    opened = columns(graph, opened="部门1")[-1]
    assert len(opened.boxes) > MOST_IN_COLUMN
