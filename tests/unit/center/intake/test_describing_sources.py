"""A department's database becomes proposals, drafts, published entries and bindings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from jutong.center.catalog import actions as catalog
from jutong.center.catalog.models import Binding, Entry
from jutong.center.fleet.models import Order, Source
from jutong.center.intake import actions, queries
from jutong.center.intake.enums import BatchKind, BatchState, Outcome
from jutong.center.intake.errors import TablesUnknownError
from jutong.center.intake.models import SourceProfile
from jutong.contracts.receipts import ColumnProfile, PatternCount, ProfileReceipt
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests.center_world import ITEMS, NOW, PLATFORM, City

pytestmark = pytest.mark.usefixtures("uploads")
DEFAULTS = {
    "classification": "307010", "domain": "民生服务", "update_cycle": "daily", "share_scope": "本市各部门",
    "share_purpose": "核验", "not_secret": "1",
}  # fmt: skip


def column(name: str, comment: str, kind: str = "character varying(64)", *, key: bool = False) -> dict[str, Any]:
    return {"name": name, "type": kind, "nullable": True, "comment": comment, "key": key, "refers_to": ""}


TABLES = [
    {
        "schema_name": "public", "name": "hy_djxx", "comment": "婚姻登记表", "row_estimate": 1200, "kind": "table",
        "columns": [
            column("id_number", "公民身份号码", "character varying(18)"), column("name", "姓名"),
            column("c9", ""), column("djrq", "登记日期", "date"),
        ],
    },
    {
        "schema_name": "public", "name": "gy_xx", "comment": "公墓信息", "row_estimate": 40, "kind": "table",
        "columns": [column("bh", "编号", key=True), column("mc", "名称")],
    },
]  # fmt: skip


@pytest.fixture
def source(city: City) -> Source:
    made = city.source()
    made.tables = TABLES
    made.save()
    return made


def describe(city: City, source: Source, *names: str, **changes: Any) -> Any:
    chosen = [("public", name) for name in names or ("hy_djxx", "gy_xx")]
    words = {"source": source, "tables": chosen, "defaults": DEFAULTS, "by": city["steward"], "now": NOW}
    return actions.describe(**{**words, **changes})


def profile(source: Source, *, ok: bool = True, **patterns: int) -> ProfileReceipt:
    counts = tuple(PatternCount(pattern=name, count=count) for name, count in patterns.items())
    return ProfileReceipt(
        source=source.name, schema_name="public", table="hy_djxx", ok=ok, problem="" if ok else "timed out",
        sampled=500, rows=1200,
        columns=(ColumnProfile(name="c9", filled=400, distinct=390, shortest=11, longest=11, patterns=counts),),
    )  # fmt: skip


def test_tables_become_proposals_that_may_be_drafted_at_once(city: City, source: Source) -> None:
    batch = describe(city, source)
    assert (batch.kind, batch.state, batch.total) == (BatchKind.INTROSPECTION, BatchState.READY, 2)
    first, second = batch.proposals.all()
    assert [row.outcome for row in (first, second)] == [Outcome.NEW, Outcome.NEW], first.findings
    assert (first.name, first.fields["grade"], first.fields["share_attribute"]) == (
        "婚姻登记",
        "general-3",
        "conditional",
    )
    assert (first.origin["source"], first.origin["table"]) == ("civil-pg", "hy_djxx")
    assert [item["column"] for item in first.items] == ["id_number", "name", "c9", "djrq"]
    assert first.items[1]["mask"] == "name"
    assert second.fields.get("share_attribute") == "unconditional"
    assert first.origin["reasons"]["姓名"]
    orders = Order.objects.filter(kind="profile")
    assert orders.count() == 2
    assert SourceProfile.objects.filter(source=source, received_at=None).count() == 2


def test_a_default_that_does_not_fit_one_table_is_named_there(city: City, source: Source) -> None:
    batch = describe(city, source, defaults={**DEFAULTS, "share_scope": "", "update_cycle": ""}, sample=False)
    first = batch.proposals.get(line=1)
    assert first.outcome == Outcome.ERROR
    assert {row["place"] for row in first.findings if row["severity"] == "error"} >= {"share_scope", "update_cycle"}
    assert not Order.objects.filter(kind="profile").exists()


def test_counts_of_a_sample_make_a_proposal_finer_but_keep_what_a_person_put(city: City, source: Source) -> None:
    batch = describe(city, source)
    first = batch.proposals.get(line=1)
    assert not first.items[2].get("is_personal")
    actions.fix_cell(proposal=first, field="name", value="结婚离婚登记", by=city["steward"], now=NOW)
    assert actions.profiled(receipt=profile(source, phone=396), by=PLATFORM, now=NOW) == 1
    first.refresh_from_db()
    assert (first.items[2]["is_personal"], first.items[2]["mask"]) == (True, "phone")
    assert first.name == "结婚离婚登记"
    assert first.outcome == Outcome.NEW
    kept = SourceProfile.objects.get(source=source, table="hy_djxx")
    assert (kept.ok, kept.sampled, kept.rows) == (True, 500, 1200)


def test_a_known_sample_is_used_at_once(city: City, source: Source) -> None:
    actions.profiled(receipt=profile(source, phone=396), by=PLATFORM, now=NOW)
    batch = describe(city, source, "hy_djxx", sample=False)
    assert batch.proposals.get().items[2]["mask"] == "phone"


def test_a_sample_that_failed_is_kept_as_such(city: City, source: Source) -> None:
    describe(city, source)
    assert actions.profiled(receipt=profile(source, ok=False), by=PLATFORM, now=NOW) == 0
    assert SourceProfile.objects.get(table="hy_djxx").problem == "timed out"


def test_a_sample_of_a_table_that_vanished_changes_nothing(city: City, source: Source) -> None:
    describe(city, source)
    source.tables = []
    source.save()
    assert actions.profiled(receipt=profile(source, phone=396), by=PLATFORM, now=NOW) == 0
    assert actions.profiled(receipt=profile(source).model_copy(update={"source": "gone"}), by=PLATFORM, now=NOW) == 0


def test_what_was_drafted_and_published_is_bound_with_one_step(city: City, source: Source) -> None:
    batch = describe(city, source, "hy_djxx", sample=False)
    actions.make_drafts(batch=batch, by=city["steward"], now=NOW)
    entry = Entry.objects.get()
    assert queries.origin_of(entry) == {"source": "civil-pg", "schema": "public", "table": "hy_djxx"}
    assert queries.attachable(city["steward"], batch) == []
    catalog.publish(version=city.submit(entry.versions.get()), by=city["authority"], now=NOW)
    assert len(queries.attachable(city["steward"], batch)) == 1
    assert [(row.code, row.problem) for row in actions.attach(batch=batch, by=city["steward"], now=NOW)] == [
        (entry.code, None)
    ]
    binding = Binding.objects.get(entry=entry)
    assert binding.table == "hy_djxx"
    assert binding.columns["公民身份号码"] == "id_number"
    assert actions.attach(batch=batch, by=city["steward"], now=NOW) == []
    assert set(queries.bound_tables(source)) == {("public", "hy_djxx")}


def test_a_table_that_vanished_meanwhile_is_named_and_the_entry_stays_unbound(city: City, source: Source) -> None:
    batch = describe(city, source, "hy_djxx", sample=False)
    actions.make_drafts(batch=batch, by=city["steward"], now=NOW)
    entry = Entry.objects.get()
    catalog.publish(version=city.submit(entry.versions.get()), by=city["authority"], now=NOW)
    source.tables = []
    source.save()
    done = actions.attach(batch=batch, by=city["steward"], now=NOW)
    assert done[0].problem is not None
    assert done[0].problem.code == "catalog.binding.table-unknown"
    assert not Binding.objects.exists()


def test_a_table_adds_columns_to_an_entry_there_is_and_leaves_what_people_wrote(city: City, source: Source) -> None:
    city.published(name="婚姻登记")
    batch = describe(city, source, "hy_djxx", sample=False)
    row = batch.proposals.get()
    assert row.outcome == Outcome.CHANGED, row.findings
    assert row.fields["summary"] == "结婚、离婚登记的基本信息"
    items = {item["name"]: item for item in row.items}
    assert list(items) == [*(item.name for item in ITEMS), "c9", "登记日期"]
    assert (items["姓名"]["grade"], items["姓名"]["column"]) == ("general-2", "name")
    assert items["公民身份号码"].get("widest_mode", "plain") == "plain"


def test_only_tables_of_the_last_inventory_of_an_own_source_are_taken(city: City, source: Source) -> None:
    with pytest.raises(TablesUnknownError, match="gone"):
        describe(city, source, tables=[("public", "gone")])
    with pytest.raises(TablesUnknownError):
        describe(city, source, tables=[])
    with pytest.raises(NotFoundError):
        describe(city, source, by=city["stranger"])
    with pytest.raises(ForbiddenError):
        describe(city, source, by=city["leader"])
    with pytest.raises(InvalidInputError):
        describe(city, source, defaults={"not_secret": "也许"})
    with pytest.raises(NotFoundError):
        queries.source_of(city["stranger"], source.name)
    assert queries.source_of(city["steward"], source.name) == source


def test_a_table_described_before_is_found_again(city: City, source: Source, uploads: Path) -> None:
    describe(city, source, "gy_xx", sample=False)
    assert set(queries.described_tables(source)) == {("public", "gy_xx")}
    assert queries.profiles_of(source) == {}
