"""A library evolves when owner and authority agreed; a person is erased when two people agreed; tables are kept."""

from __future__ import annotations

import json
import random
from datetime import date
from typing import Any

import pytest

from jutong.center.audit.models import AuditEvent
from jutong.center.care import erasing, evolving, keeping
from jutong.center.care.errors import (
    EvolutionBreakingError,
    EvolutionEmptyError,
    EvolutionOpenError,
    FieldUnfitError,
    IdentityNumberError,
    NotAskedError,
    SecondPersonError,
    StepUnfitError,
)
from jutong.center.care.models import Erasure
from jutong.center.fleet.receipts import apply_receipt
from jutong.center.library import definitions
from jutong.center.library.models import FeedRow, FeedState, Library, LibraryTable, Work
from jutong.center.org.enums import Role
from jutong.contracts.library_care import CareOrder, CareResult, Keeping, TableCared, Traces
from jutong.contracts.works import WorkReceipt
from jutong.kernel.canonical import canonical_json
from jutong.kernel.errors import ForbiddenError
from jutong.kernel.sealing import open_with
from jutong.library.definitions import library as shipped
from jutong.standards.generate import identity_number
from tests.sharing_steps import orders
from tests.sharing_world import NOW, World, at, build, person

NUMBER = identity_number(random.Random(1), division="629901", born_on=date(1990, 1, 1), sex="女")
FIELD = {"name": "disability_number", "title": "残疾人证号", "element": "DE01027"}


@pytest.fixture
def world(db: None) -> World:
    return filled()


def filled() -> World:
    """A population library with rows, filled by civil affairs."""
    world = build()
    definitions.publish(definition=shipped("RK"), by=world.authority, now=NOW)
    table = LibraryTable.objects.get(library__code="RK", name="person")
    table.rows, table.version = 4, 0
    table.save()
    FeedRow.objects.create(
        table=table, name="civil_person", organisation=world.civil, role="civil", landed="civil_person", key="id",
        columns=[["identity_number", "id_number"]], state=FeedState.ON, proposed_at=NOW,
    )  # fmt: skip
    return world


def proposed(world: World) -> Any:
    table = LibraryTable.objects.get(library__code="RK", name="person")
    return evolving.propose(
        definition=evolving.with_field(table, **FIELD, now=NOW), ground="残疾人补贴核对", by=world.steward, now=NOW
    )


def cared() -> list[dict[str, Any]]:
    return [one["body"]["task"] for one in orders("work") if one["kind"] == "care"]


def told(world: World, state: Any, **result: Any) -> None:
    work = Work.objects.filter(kind="care").latest("ordered_at", "id")
    body = WorkReceipt(
        work_id=str(work.id), kind="care", state=state, result=result, problem="" if state == "done" else "没有完成"
    )
    assert apply_receipt(node=world.node, envelope=world.receipt("worked", body, at(1)), now=at(1)).problem == ""


def test_a_field_is_added_when_owner_and_authority_agreed(world: World) -> None:
    evolution = proposed(world)
    head = person(world.civil, Role.DEPARTMENT_HEAD, "civil-head-2", "民政局长")
    stranger = person(world.other, Role.DEPARTMENT_HEAD, "other-head-2", "别的局长")
    with pytest.raises(NotAskedError):
        evolving.agree(evolution=evolution, by=stranger, now=at(1))
    with pytest.raises(ForbiddenError):
        evolving.agree(evolution=evolution, by=world.steward, now=at(1))
    evolving.agree(evolution=evolution, by=world.authority, now=at(1))
    assert (Library.objects.get(code="RK").version, cared()) == (shipped("RK").version, [])
    done = evolving.agree(evolution=evolution, by=head, now=at(2))
    assert done.state == "published"
    assert Library.objects.get(code="RK").version == evolution.version
    assert FIELD["name"] in [one["name"] for one in LibraryTable.objects.get(name="person").definition["fields"]]
    (task,) = cared()
    assert task["add"] == [{"name": FIELD["name"], "type": "text", "length": 0, "scale": 0}]
    assert {one["role"]: one["name"] for one in task["consents"]} == {
        "authority": world.authority.name, "owner": "民政局长",
    }  # fmt: skip
    assert CareOrder.model_validate_json(canonical_json({"task": task})).task.kind == "evolve"
    with pytest.raises(StepUnfitError):
        evolving.withdraw(evolution=evolution, by=world.steward, now=at(3))


def test_what_breaks_readers_is_refused_with_what_breaks(world: World) -> None:
    now = shipped("RK")
    with pytest.raises(EvolutionEmptyError):
        evolving.propose(definition=now, ground="x", by=world.authority, now=NOW)
    tables = tuple(
        one.model_copy(update={"fields": one.fields[:-1]}) if one.name == "person" else one for one in now.tables
    )
    breaking = now.model_copy(update={"tables": tables, "version": "9"})
    with pytest.raises(EvolutionBreakingError, match=r"person\."):
        evolving.propose(definition=breaking, ground="x", by=world.authority, now=NOW)
    table = LibraryTable.objects.get(library__code="RK", name="person")
    with pytest.raises(FieldUnfitError, match="name"):
        evolving.with_field(table, **{**FIELD, "name": "name"}, now=NOW)
    evolution = proposed(world)
    with pytest.raises(EvolutionOpenError):
        proposed(world)
    own = person(world.civil, Role.DEPARTMENT_HEAD, "head-3", "局长")
    evolution.proposed_by_id = own.user_id
    evolution.save()
    with pytest.raises(SecondPersonError):
        evolving.agree(evolution=evolution, by=own, now=NOW)
    with pytest.raises(NotAskedError):
        evolving.withdraw(evolution=evolution, by=world.authority, now=NOW)
    evolving.withdraw(evolution=evolution, by=world.steward, now=NOW)
    assert proposed(world).state == "proposed"


def test_a_person_is_erased_by_two_and_the_center_never_knows_whom(world: World) -> None:
    with pytest.raises(IdentityNumberError):
        erasing.ask(identity_number="629901199001010000", ground="本人申请", by=world.steward, now=NOW)
    erasure = erasing.ask(identity_number=f" {NUMBER} ", ground="本人申请", by=world.steward, now=NOW)
    (count,) = cared()
    assert (count["dry"], count["consents"], "identity_number" in count["own"]) == (True, [], True)
    assert "man_number" not in count["own"]
    traces = Traces.model_validate_json(open_with(world.node_signer, count["box"]))
    assert NUMBER in traces.values
    assert NUMBER[:6] + NUMBER[8:17] in traces.values
    everything = json.dumps([*Work.objects.values("body"), *Erasure.objects.values("box", "ground")]) + json.dumps(
        list(AuditEvent.objects.values("details", "subject_label")), default=str
    )
    assert NUMBER not in everything
    with pytest.raises(StepUnfitError):
        erasing.agree(erasure=erasure, by=world.authority, now=at(1))
    row = TableCared.model_validate({"table": {"zone": "fused", "code": "RK", "table": "person"}, "rows": 1})
    told(world, "done", **CareResult(kind="erase", erasure_id=str(erasure.id), tables=(row,)).model_dump(mode="json"))
    erasure.refresh_from_db()
    assert (erasure.state, erasure.counted[0]["rows"]) == ("counted", 1)
    with pytest.raises(ForbiddenError):
        erasing.agree(erasure=erasure, by=world.steward, now=at(2))
    erasing.agree(erasure=erasure, by=world.authority, now=at(2))
    task = cared()[-1]
    assert [one["role"] for one in task["consents"]] == ["owner", "second"]
    assert task["consents"][0]["name"] != task["consents"][1]["name"]
    told(world, "failed")
    erasure.refresh_from_db()
    assert (erasure.state, erasure.problem) == ("failed", "没有完成")
    erasing.agree(erasure=erasure, by=world.authority, now=at(3))
    result = CareResult(kind="erase", tables=(row,), digest="d" * 64, searched_files=9, backups=("b",))
    told(world, "done", **result.model_dump(mode="json"))
    erasure.refresh_from_db()
    assert (erasure.state, erasure.remaining, erasure.digest, erasure.box) == ("erased", 0, "d" * 64, "")
    erasing.prove(erasure=erasure, by=world.steward, now=at(4))
    told(world, "done", **CareResult(kind="prove", remaining=2, searched_files=9).model_dump(mode="json"))
    erasure.refresh_from_db()
    assert (erasure.state, erasure.remaining) == ("erased", 2)
    with pytest.raises(StepUnfitError):
        erasing.withdraw(erasure=erasure, by=world.steward, now=at(5))


def test_every_table_with_rows_is_cared_for_once(world: World) -> None:
    assert keeping.care_for_all(NOW) == 1
    assert keeping.care_for_all(at(1)) == 1  # the one that waits does it
    (task,) = cared()
    kept = [Keeping.model_validate(one) for one in task["tables"]]
    assert {one.keep_days for one in kept} == {1095}
    assert {f"{one.zone}/{one.code}" for one in kept} == {
        f"landed/{world.civil.code}", f"standardised/{world.civil.code}", "fused/RK",
    }  # fmt: skip
