"""A library table with two registers in the city of ``sharing_world``, and checks that count what a test says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jutong.center.fleet.receipts import apply_receipt
from jutong.center.library import definitions, steps
from jutong.center.library.models import FeedRow, LibraryTable, Work
from jutong.center.org.actor import platform_actor
from jutong.center.quality.models import CheckedTable, Finding
from jutong.contracts.library import FieldDefinition, LibraryDefinition, TableDefinition
from jutong.contracts.quality import OF_TABLE, CheckOrder, CheckResult, FieldProfile, RuleCount, Share
from jutong.contracts.works import WorkReceipt
from jutong.kernel.canonical import canonical_json
from tests.sharing_world import NOW, World, at

BY = platform_actor("test")
PERSON = TableDefinition(
    name="person", title="人口基本信息", kind="entity", entity="person", keys=("id_number",), owner="police",
    cycle="daily",
    fields=(
        FieldDefinition(name="id_number", title="公民身份号码", element="DE01002", personal=True, grade="general-3"),
        FieldDefinition(name="name", title="姓名", element="DE01001", required=True, personal=True),
        FieldDefinition(name="sex", title="性别", element="DE01003"),
        FieldDefinition(name="born", title="出生日期", element="DE01004", type="date"),
        FieldDefinition(name="died", title="死亡日期", element="DE01017", type="date", source="civil"),
        FieldDefinition(name="marital", title="婚姻状况", codes="gbt2261.2-marital", source="civil"),
    ),
)  # fmt: skip
LIBRARY = LibraryDefinition(
    code="RK", kind="base", title="人口库", basis="", version="1", effective_from="2026-01-01", tables=(PERSON,)
)
ROWS = 1_000


@dataclass
class QualityWorld:
    """``civil`` is the register of ``world.civil``, behind ``world.entry``; ``police`` that of ``world.other``."""

    world: World
    table: LibraryTable
    civil: FeedRow
    police: FeedRow

    def order(self, feed: FeedRow | None = None, days: float = 1) -> tuple[Work, CheckOrder]:
        work = steps.take("check", self.table, feed=feed or self.police, by=BY, now=at(days))
        assert work is not None
        return work, CheckOrder.model_validate_json(canonical_json(work.body))

    def check(self, days: float = 1, *, feed: FeedRow | None = None, **failed: int) -> CheckedTable:
        """Have a register checked; ``failed`` is by rule with ``__`` for the dot, all others find nothing."""
        self.told(self.order(feed, days)[0], days, **failed)
        return CheckedTable.objects.get(feed=feed or self.police)

    def told(self, work: Work, days: float = 1, state: Any = "done", **failed: int) -> None:
        order = CheckOrder.model_validate_json(canonical_json(work.body))
        broken = {rule.replace("__", ".").replace("_", "-"): rows for rule, rows in failed.items()}
        known = {rule.id.replace("_", "-"): rule.id for rule in order.rules}
        assert broken.keys() <= known.keys(), (broken, known)
        counts = [
            RuleCount(
                rule=rule.id, evaluated=1 if rule.kind in OF_TABLE else ROWS,
                failed=broken.get(rule.id.replace("_", "-"), 0),
            )
            for rule in order.rules
        ]  # fmt: skip
        profile = [
            FieldProfile(
                name=field.name, nulls=3, distinct=9, sampled=ROWS - 3, spread_by="values",
                spread=(Share(label="1", rows=500), Share(label="2", rows=497)),
            )
            for field in order.fields
        ] if order.profile else []  # fmt: skip
        result = CheckResult(
            version=4, rows=ROWS, engine="duckdb", took_ms=12, committed_ms=int(at(days).timestamp() * 1000),
            counts=tuple(counts), profile=tuple(profile),
        )  # fmt: skip
        body = WorkReceipt(
            work_id=str(work.id), kind="check", state=state, started_ms=int(at(days).timestamp() * 1000),
            result=result.model_dump(mode="json") if state == "done" else {},
            problem="" if state == "done" else "引擎读不懂这个写法",
            problem_code="" if state == "done" else "quality.rule.uncompilable",
        )  # fmt: skip
        envelope = self.world.receipt("worked", body, at(days))
        assert apply_receipt(node=self.world.node, envelope=envelope, now=at(days)).problem == ""

    def finding(self) -> Finding:
        return Finding.objects.latest("opened_at", "number")


def build(world: World) -> QualityWorld:
    definitions.publish(definition=LIBRARY, by=world.authority, now=NOW)
    table = LibraryTable.objects.select_related("library__node").get()

    def feed(organisation: Any, role: str, fields: list[str]) -> FeedRow:
        return FeedRow.objects.create(
            table=table, name=f"{role}_person", organisation=organisation, role=role, landed=f"{role}_person",
            key="id", entry=world.entry if role == "civil" else None, columns=[[name, name] for name in fields],
            state="on", proposed_at=NOW, confirmed_at=NOW, standardised_at=NOW, rows=ROWS,
        )  # fmt: skip

    everything = [field.name for field in PERSON.fields]
    return QualityWorld(world, table, feed(world.civil, "civil", everything), feed(world.other, "police", everything))
