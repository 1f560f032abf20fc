"""A fused table at the center: its library, two feeds, a fusion with conflicts, and what the node says of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jutong.center.catalog.models import Binding, Entry
from jutong.center.fleet.models import Source
from jutong.center.fleet.receipts import Applied, apply_receipt
from jutong.center.library import definitions
from jutong.center.library.models import FeedRow, Library, LibraryTable, Work
from jutong.center.library.works import order_work
from jutong.center.org.actor import Actor, platform_actor
from jutong.center.org.enums import Role
from jutong.contracts.engines import TryEngineOrder
from jutong.contracts.fused import ConflictResult, FoundConflict, Standing
from jutong.contracts.fusion import ConflictCount, FedCount, FuseResult
from jutong.contracts.library import FieldDefinition, LibraryDefinition, TableDefinition
from jutong.contracts.works import WorkReceipt
from jutong.kernel.sealing import seal_for
from tests.sharing_world import NOW, World, organisation, person, publish

BY = platform_actor("test")
PERSON = "62990019900101001X"
TABLE = TableDefinition(
    name="person", title="人口基本信息", kind="entity", entity="person", keys=("id_number",), owner="police",
    fields=(
        FieldDefinition(name="id_number", title="公民身份号码", grade="general-3", source="police"),
        FieldDefinition(name="marital", title="婚姻状况", grade="general-2", source="civil"),
    ),
)  # fmt: skip
LIBRARY = LibraryDefinition(
    code="RK", kind="base", title="人口库", basis="", version="1", effective_from="2026-01-01", tables=(TABLE,)
)
LEVELS = [{"code": "same", "m": 0.9, "u": 0.001, "weight": 9.8}, {"code": "differs", "m": 0.1, "u": 0.9, "weight": -3}]
CARD = {
    "model": {
        "spec": "person", "spec_version": "1", "version": "m1", "trained_at": "2026-11-09", "trained_on": [["p", 3]],
        "records": 10, "seed": 1, "prior": 0.1, "tool": "splink",
        "comparisons": [{"field": "name", "levels": LEVELS}],
    },
    "match": 10.0, "review": 2.0, "records": 10, "certain": 4, "compared": 20, "matched": 5,
    "reviews": [["unsure", 2]], "clusters": 5, "sizes": [[1, 3], [2, 2]],
    "histogram": [{"start": -4.0, "pairs": 9}, {"start": 4.0, "pairs": 2}, {"start": 12.0, "pairs": 5}],
    "passed_over": 0, "precision": 0.999, "recall": 0.98, "seconds": 1.5,
}  # fmt: skip


@dataclass
class Fused:
    """The world and what is fused in it."""

    world: World
    table: LibraryTable
    police: FeedRow
    civil: FeedRow
    keeper: Actor
    officer: Actor
    fused_entry: Entry


def build(world: World) -> Fused:
    """Bind civil affairs' table, give the police one of their own, and fuse both."""
    world.bind()
    police = organisation("11629900MB0000009P", "金河市公安局", "市公安局")
    entry, _items = publish(police, name="户籍人口信息", code="307001/1")
    Source.objects.create(node=world.node, name="police", dialect="postgresql", organisation=police, seen_at=NOW)
    Binding.objects.create(
        entry=entry, source="police", schema_name="public", table="people", bound_at=NOW,
        columns={"公民身份号码": "gmsfhm", "婚姻状况": "hyzk"},
    )  # fmt: skip
    fused_entry, _items = publish(world.bigdata, name="人口基本信息", code="301001/1")
    Source.objects.create(node=world.node, name="RK", dialect="library", organisation=world.bigdata, seen_at=NOW)
    Binding.objects.create(
        entry=fused_entry, source="RK", schema_name="fused", table="person", bound_at=NOW,
        columns={"公民身份号码": "id_number", "婚姻状况": "marital"},
    )  # fmt: skip
    library: Library = definitions.publish(definition=LIBRARY, by=world.authority, now=NOW)
    table = library.tables.get()
    common: dict[str, Any] = {"table": table, "state": "on", "proposed_at": NOW, "confirmed_at": NOW}
    feed = FeedRow.objects.create(
        **common, name="police_people", organisation=police, entry=entry, role="police", landed="people", key="rybh",
        columns=[["id_number", "gmsfhm"], ["marital", "hyzk"]],
    )  # fmt: skip
    civil = FeedRow.objects.create(
        **common, name="civil_people", organisation=world.civil, entry=world.entry, role="civil", landed="marriage",
        key="dsrbh", columns=[["id_number", "id_number"], ["marital", "marital"]],
    )  # fmt: skip
    found = Fused(
        world, table, feed, civil, person(world.bigdata, Role.STEWARD, "keeper", "许若彤"),
        person(police, Role.STEWARD, "officer", "周强"), fused_entry,
    )  # fmt: skip
    fuse(found)
    return found


def told(fused: Fused, work: Work, result: Any, now: datetime = NOW, **more: Any) -> Applied:
    body = WorkReceipt(
        work_id=str(work.id), kind=work.kind, state=more.pop("state", "done"),
        result=result.model_dump(mode="json") if result is not None else {}, **more,
    )  # fmt: skip
    world = fused.world
    return apply_receipt(node=world.node, envelope=world.receipt("worked", body, now), now=now)


def fuse(fused: Fused, now: datetime = NOW, open_: int = 30) -> Work:
    """Have the node report a fusion in which so many marital statuses differ."""
    table = LibraryTable.objects.select_related("library__node").get(id=fused.table.id)
    work = order_work(
        kind="fuse", body=TryEngineOrder(), node=table.library.node, library=table.library, table="person", by=BY,
        now=now,
    )  # fmt: skip
    police, civil = fused.police.organisation.code, fused.world.civil.code
    result = FuseResult(
        version=4, full=True, records=200, entities=100, changed=100, created=100, merged=1, split=0, gone=0, ended=2,
        reviews=7, filled=(("id_number", 100), ("marital", 90)), card=CARD,
        feeds=(FedCount(feed="police_people", organisation_code=police, version=1, rows=100, changed=100, gone=0),),
        conflicts=(
            ConflictCount(
                field="marital", organisation_code=police, believed_code=civil, cause="differs", open=open_,
                opened=open_, closed=0,
            ),
        ),
        basis=(("marital", "source", 60), ("marital", "agreed", 30)),
    )  # fmt: skip
    assert told(fused, work, result, now).problem == ""
    fused.table.refresh_from_db()
    return work


def conflict(fused: Fused, name: str) -> FoundConflict:
    """One conflict as the node names it."""
    public = fused.world.node_signer.public_b64
    return FoundConflict(
        conflict_id=name, row=f"tag-{name}", locator=seal_for(public, json.dumps({"rybh": PERSON}).encode()),
        boxes=((fused.world.node.name, seal_for(public, json.dumps([PERSON]).encode())),),
        believed_code=fused.world.civil.code, cause="differs", clue="older", suggestion="correct-record",
    )  # fmt: skip


def found(*conflicts: FoundConflict, left: int = 0, healed: tuple[str, ...] = (), at_ms: int = 0) -> ConflictResult:
    standing = tuple(Standing(conflict_id=one, open=False, closed="healed", at_ms=at_ms) for one in healed)
    return ConflictResult(version=4, found=conflicts, left=left, standing=standing)
