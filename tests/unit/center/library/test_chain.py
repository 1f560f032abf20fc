from __future__ import annotations

from typing import Any

import pytest

from jutong.center.catalog.models import Item
from jutong.center.fleet.models import Source
from jutong.center.fleet.receipts import apply_receipt
from jutong.center.jobs import actions as jobs
from jutong.center.library import definitions, feeds, queries, steps
from jutong.center.library.errors import FeedStateError, FeedUnfitError, TableInUseError, VersionTakenError
from jutong.center.library.models import FeedRow, LibraryTable, TableVersion, Work
from jutong.center.org.actor import platform_actor
from jutong.contracts.engines import TryEngineOrder
from jutong.contracts.library import FieldDefinition, LibraryDefinition, TableDefinition
from jutong.contracts.receipts import MovedReceipt
from jutong.contracts.works import WorkReceipt
from jutong.kernel.errors import ForbiddenError, NotFoundError
from tests.sharing_world import NOW, World, at, new_id

BY = platform_actor("test")
PERSON = TableDefinition(
    name="person", title="人口基本信息", kind="entity", entity="person", keys=("id_number",), owner="police",
    fields=(
        FieldDefinition(name="id_number", title="公民身份号码", element="DE-1"),
        FieldDefinition(name="name", title="姓名"),
        FieldDefinition(name="marital", title="婚姻状况", source="civil"),
        FieldDefinition(name="phone", title="联系电话"),
    ),
)  # fmt: skip
HOUSE = TableDefinition(
    name="household", title="家庭", kind="derived", keys=("id_number",), owner="police",
    fields=(FieldDefinition(name="id_number", title="公民身份号码"),),
)  # fmt: skip
LIBRARY = LibraryDefinition(
    code="RK", kind="base", title="人口库", basis="", version="1", effective_from="2026-01-01", tables=(PERSON, HOUSE)
)


@pytest.fixture
def chain(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every step is defined for every table, with an order that says nothing."""
    made: list[str] = []

    def maker(kind: str) -> steps.Maker:
        def make(table: LibraryTable, feed: FeedRow | None) -> TryEngineOrder | None:
            made.append(f"{kind} {table.name}")
            return TryEngineOrder()

        return make

    kinds = ("standardise", "check", "fuse", "derive", "serve")
    monkeypatch.setattr(steps, "_makers", {kind: maker(kind) for kind in kinds})
    monkeypatch.setattr(
        steps, "_readers", [lambda derived, table: (derived.name, table.name) == ("household", "person")]
    )
    return made


@pytest.fixture
def feed(world: World) -> FeedRow:
    """One feed of the civil department's table, proposed."""
    Item.objects.filter(version__entry=world.entry, name="公民身份号码").update(element="DE-1")
    world.bind()
    key = {"name": "id_number", "type": "text", "nullable": False, "key": True}
    Source.objects.update(tables=[{"schema_name": "public", "name": "marriage", "columns": [key]}])
    definitions.publish(definition=LIBRARY, by=world.authority, now=NOW)
    assert feeds.propose(by=world.steward, now=NOW) == 1
    return FeedRow.objects.get()


def moved(world: World, days: float = 1) -> None:
    job = jobs.order_job(entry=world.entry, by=world.steward, now=at(days))
    body = MovedReceipt(
        job_id=str(job.id), state="done", rows_read=5, rows_written=5, source_digest="d", target_digest="d",
        delta_version=0,
    )  # fmt: skip
    apply_receipt(node=world.node, envelope=world.receipt("moved", body, at(days)), now=at(days))


def done(world: World, work: Work, days: float = 1, *, state: Any = "done", **result: Any) -> None:
    body = WorkReceipt(
        work_id=str(work.id), kind=work.kind, state=state, result=result,
        started_ms=int(at(days).timestamp() * 1000),
    )  # fmt: skip
    envelope = world.receipt("worked", body, at(days))
    assert apply_receipt(node=world.node, envelope=envelope, now=at(days)).problem == ""


def open_works() -> list[str]:
    return [f"{work.kind} {work.table}" for work in Work.objects.filter(state="ordered").order_by("ordered_at", "id")]


def test_a_bound_table_is_proposed_by_elements_and_names(feed: FeedRow, world: World) -> None:
    assert feed.columns == [["id_number", "id_number"], ["name", "name"], ["marital", "marital"]]
    assert (feed.role, feed.landed, feed.key, feed.state) == ("civil", "t_306001_1", "id_number", "proposed")
    assert feeds.propose(by=world.steward, now=NOW) == 0
    assert [row.id for row in queries.to_confirm(world.steward)] == [feed.id]
    assert queries.to_confirm(world.stranger) == []


def test_only_its_steward_confirms_and_only_what_is_there(feed: FeedRow, world: World) -> None:
    with pytest.raises(NotFoundError):
        feeds.confirm(feed=feed, by=world.stranger, now=NOW)
    with pytest.raises(ForbiddenError):
        feeds.confirm(feed=feed, by=world.authority, now=NOW)
    unfit: tuple[dict[str, Any], ...] = (
        {"role": ""}, {"key": "nothing"}, {"columns": []}, {"columns": [("name", "nothing")]},
        {"columns": [("nothing", "name")]},
    )  # fmt: skip
    for wrong in unfit:
        with pytest.raises(FeedUnfitError):
            feeds.confirm(feed=feed, by=world.steward, now=NOW, **wrong)
    assert feeds.confirm(feed=feed, by=world.steward, now=NOW).state == "on"
    sent = feeds.feed_of(FeedRow.objects.get())
    assert (sent.library, sent.table, sent.columns[2]) == ("RK", "person", ("marital", "marital"))


def test_what_landed_goes_down_the_chain_and_is_counted(feed: FeedRow, world: World, chain: list[str]) -> None:
    feeds.confirm(feed=feed, by=world.steward, now=NOW)
    assert open_works() == []  # nothing has landed yet
    moved(world)
    work = Work.objects.get()
    assert (work.kind, work.feed_id, work.cause) == ("standardise", feed.id, "chain")
    done(world, work, rows=5, version=0, repeated=1, with_problems=2)
    feed.refresh_from_db()
    assert (feed.rows, feed.repeats, feed.problems, feed.moved_at) == (5, 1, 2, at(1))
    assert open_works() == ["check person", "fuse person"]
    done(world, Work.objects.get(kind="fuse"), 2, entities=4, version=7, filled=[["name", 4], ["phone", 2]])
    table = LibraryTable.objects.get(name="person")
    assert (table.rows, table.version, table.filled_permille, table.fresh_at) == (4, 7, 750, at(1))
    assert open_works() == ["check person", "check person", "derive household", "serve person"]
    done(world, Work.objects.get(kind="derive"), 2, rows=3, version=0)
    assert LibraryTable.objects.get(name="household").rows == 3
    assert open_works()[-2:] == ["check household", "serve household"]
    places = set(TableVersion.objects.values_list("place", "version"))
    assert places == {
        (f"standardised/{world.civil.code}/t_306001_1_rk_person", 0), ("fused/RK/person", 7), ("fused/RK/household", 0)
    }  # fmt: skip
    line = queries.line_of(world.requester, table, at(4))
    assert (line.feeds_on, line.open_works, line.filled, line.late_hours) == (1, 3, "75.0", 24)
    cards = queries.overview(world.requester, at(1.5))
    assert [(card.library.code, card.rows, card.filled_tables, card.late) for card in cards] == [("RK", 7, 2, 0)]


def test_a_step_that_waits_covers_what_comes_and_one_under_way_runs_again(
    feed: FeedRow, world: World, chain: list[str]
) -> None:
    feeds.confirm(feed=feed, by=world.steward, now=NOW)
    moved(world, 1)
    moved(world, 2)
    work = Work.objects.get()
    done(world, work, 3, rows=5, version=0)  # begun after both had landed
    assert Work.objects.filter(kind="standardise").count() == 1
    moved(world, 4)
    second = Work.objects.get(kind="standardise", state="ordered")
    moved(world, 5)
    done(world, second, 4, rows=5, version=1)  # begun before the last had landed
    assert Work.objects.filter(kind="standardise", state="ordered").count() == 1


def test_fusion_waits_for_all_that_is_being_standardised(feed: FeedRow, world: World, chain: list[str]) -> None:
    feeds.confirm(feed=feed, by=world.steward, now=NOW)
    other = FeedRow.objects.get()
    other.pk, other.name, other.landed = None, "other", "t_other"
    other.id = new_id()
    other.save(force_insert=True)
    moved(world)
    steps.landed(organisation_id=world.civil.id, target="t_other", read_at=at(1), by=BY, now=at(1))
    first, second = Work.objects.order_by("ordered_at", "id")
    done(world, first, 1, rows=5, version=0)
    assert "fuse person" not in open_works()
    done(world, second, 1, state="failed")
    assert open_works().count("fuse person") == 1


def test_a_work_whose_order_would_be_another_now_runs_again(
    feed: FeedRow, world: World, chain: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = LibraryTable.objects.select_related("library__node").get(name="person")
    work = steps.take("fuse", table, by=BY, now=NOW)
    assert work is not None
    assert steps.take("fuse", table, by=BY, now=NOW) == work
    monkeypatch.setitem(steps._makers, "fuse", lambda *_: TryEngineOrder(address="sc://other:1"))
    done(world, work, 1, entities=0, version=0, filled=[])
    assert Work.objects.get(kind="fuse", state="ordered").body == {"address": "sc://other:1"}


def test_a_failed_work_stops_the_chain_there(feed: FeedRow, world: World, chain: list[str]) -> None:
    feeds.confirm(feed=feed, by=world.steward, now=NOW)
    moved(world)
    done(world, Work.objects.get(), state="failed")
    assert Work.objects.count() == 1
    line = queries.line_of(world.requester, feed.table, NOW)
    assert line.failed is not None
    assert line.failed.kind == "standardise"


def test_a_stopped_feed_leaves_with_the_next_fusion(feed: FeedRow, world: World, chain: list[str]) -> None:
    feeds.confirm(feed=feed, by=world.steward, now=NOW)
    feeds.stop(feed=feed, by=world.steward, now=NOW)
    assert open_works() == ["fuse person"]
    moved(world)
    assert open_works() == ["fuse person"]
    with pytest.raises(FeedStateError):
        feeds.stop(feed=feed, by=world.steward, now=NOW)


def test_what_was_moved_before_is_taken_up_when_its_feed_is_confirmed(
    feed: FeedRow, world: World, chain: list[str]
) -> None:
    moved(world)
    assert open_works() == []
    feeds.confirm(feed=feed, by=world.steward, now=at(2))
    assert open_works() == ["standardise person"]


def test_a_published_version_stands_and_a_filled_table_loses_nothing(feed: FeedRow, world: World) -> None:
    with pytest.raises(ForbiddenError):
        definitions.publish(definition=LIBRARY, by=world.steward, now=NOW)
    definitions.publish(definition=LIBRARY, by=world.authority, now=NOW)
    with pytest.raises(VersionTakenError):
        definitions.publish(definition=LIBRARY.model_copy(update={"title": "别的"}), by=world.authority, now=NOW)
    LibraryTable.objects.filter(name="person").update(rows=3)
    less = PERSON.model_copy(update={"fields": PERSON.fields[:2]})
    for tables in ((less, HOUSE), (HOUSE,)):
        second = LIBRARY.model_copy(update={"version": "2", "tables": tables})
        with pytest.raises(TableInUseError):
            definitions.publish(definition=second, by=world.authority, now=NOW)
    more = PERSON.model_copy(update={"fields": (*PERSON.fields, FieldDefinition(name="email", title="邮箱"))})
    library = definitions.publish(
        definition=LIBRARY.model_copy(update={"version": "2", "tables": (more,)}), by=world.authority, now=at(1)
    )
    assert [table.name for table in library.tables.all()] == ["person"]
    assert [row.version for row in library.versions.all()] == ["2", "1"]
