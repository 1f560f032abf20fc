"""A table of the library copied into PostgreSQL: whole, by what changed, compared, and never half."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from jutong.contracts.copies import ServeOrder, ServeResult
from jutong.library.engine import EngineSetting, open_engine
from jutong.library.errors import WorkCancelledError
from jutong.library.works import Place
from jutong.node import sources
from jutong.node.copies.errors import CopyColumnError, CopyTakenError
from jutong.node.copies.registry import CopiesKnown
from jutong.node.copies.work import run
from jutong.node.exchange.targets.errors import WriteForbiddenError
from jutong.runtime.postgres import Postgres

KINDS: dict[str, pa.DataType] = {
    "entity_id": pa.string(),
    "name": pa.string(),
    "born": pa.date32(),
    "points": pa.int64(),
    "paid": pa.decimal128(12, 2),
    "alive": pa.bool_(),
    "_updated": pa.timestamp("us", "UTC"),
}
SCHEMA = pa.schema(KINDS)
NOW = datetime(2026, 11, 22, tzinfo=UTC)
ORDER = ServeOrder(
    library="RK", table="person", source="served", target="person", keys=("entity_id",), lookups=(("name", "born"),),
    titles=(("name", "姓名"),),
)  # fmt: skip


def row(number: int, name: str, points: int | None = None) -> dict[str, Any]:
    return {
        "entity_id": f"e{number}", "name": name, "born": NOW.date(), "points": points, "paid": Decimal("1.50"),
        "alive": True, "_updated": NOW,
    }  # fmt: skip


@dataclass
class Lake:
    place: Place
    dsn: str

    def put(self, *rows: dict[str, Any]) -> None:
        path = self.place.library / "fused" / "RK" / "person"
        write_deltalake(path, pa.Table.from_pylist(list(rows), SCHEMA), mode="overwrite")

    def serve(self, work_id: str, **changes: Any) -> ServeResult:
        return run(ORDER.model_copy(update=changes), replace(self.place, work_id=work_id), lambda *_: None)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.dsn, autocommit=True) as db:
            cursor = db.execute(query.encode())
            return cursor.fetchall() if cursor.description else []

    def held(self) -> list[tuple[Any, ...]]:
        return self.ask("SELECT entity_id, name, points FROM library.person ORDER BY 1")


def work(number: int) -> str:
    return f"01a2{number:04d}-0000-7000-8000-000000000000"


@pytest.fixture
def lake(registry_server: Postgres, tmp_path: Path) -> Lake:
    dsn = registry_server.ensure_database("served", "served_owner", "served-pass")
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("DROP SCHEMA IF EXISTS library CASCADE")
        db.execute("DROP SCHEMA IF EXISTS jutong_exchange CASCADE")
    source = {"name": "served", "dialect": "postgresql", "organisation_code": "1", "dsn": dsn, "writes": ["library"]}
    path = tmp_path / sources.FILE
    path.parent.mkdir()
    path.write_text(json.dumps([source]))
    path.chmod(0o600)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    setting = EngineSetting(memory_mb=256, threads=1)
    place = Place(tmp_path, tmp_path / "library", scratch, "", NOW, lambda: open_engine(setting, scratch))
    return Lake(place, dsn)


def test_a_copy_follows_its_table_and_is_compared_to_the_row(lake: Lake) -> None:
    lake.put(row(1, "张三", 1), row(2, "李四"), row(3, "王五", 3))
    first = lake.serve(work(1))
    assert (first.full, first.rows, first.inserted, first.former, first.compared) == (True, 3, 3, -1, True)
    assert lake.held() == [("e1", "张三", 1), ("e2", "李四", None), ("e3", "王五", 3)]
    indexes = [text for (text,) in lake.ask("SELECT indexdef FROM pg_indexes WHERE schemaname = 'library'")]
    assert any("UNIQUE" in text and "(entity_id)" in text for text in indexes)
    assert any("(name, born)" in text for text in indexes)
    assert lake.ask("SELECT col_description('library.person'::regclass, 2)") == [("姓名",)]

    lake.put(row(1, "张三", 1), row(2, "李四", 22), row(4, "赵六", 4))
    second = lake.serve(work(2))
    assert (second.full, second.former, second.version) == (False, 0, 1)
    assert (second.rows, second.inserted, second.updated, second.deleted) == (3, 1, 1, 1)
    assert lake.held() == [("e1", "张三", 1), ("e2", "李四", 22), ("e4", "赵六", 4)]
    again = lake.serve(work(2))
    assert again == second

    # What arithmetic says of the digest is what a whole reading finds, on both sides.
    checked = lake.serve(work(3), mode="check")
    assert (checked.differed, checked.compared, checked.digest) == (False, True, second.digest)
    lake.ask("UPDATE library.person SET points = 99 WHERE entity_id = 'e1'")
    healed = lake.serve(work(4), mode="check")
    assert (healed.differed, healed.full, healed.digest) == (True, True, second.digest)
    assert lake.held()[0] == ("e1", "张三", 1)
    known = CopiesKnown(lake.place.home)
    assert known.original(("served", "library", "person")) == ("fused", "RK", "person")
    assert known.original(("served", "library", "other")) is None


def test_whatever_ends_it_leaves_the_copy_as_it_was(lake: Lake) -> None:
    lake.put(row(1, "张三", 1))
    lake.serve(work(1))

    def stop(phase: str, *_: int) -> None:
        if phase == "copy":
            raise WorkCancelledError

    lake.put(row(1, "张三", 2), row(2, "李四"))
    for mode in ("changes", "full"):
        with pytest.raises(WorkCancelledError):
            run(ORDER.model_copy(update={"mode": mode}), replace(lake.place, work_id=work(2)), stop)
        assert lake.held() == [("e1", "张三", 1)]
    # A trigger with a mind of its own is found out before anybody sees what it did.
    lake.ask(
        "CREATE FUNCTION library.meddle() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN NEW.points := 7; RETURN NEW; END $$"
    )
    lake.ask(
        "CREATE TRIGGER m BEFORE INSERT OR UPDATE ON library.person FOR EACH ROW EXECUTE FUNCTION library.meddle()"
    )
    with pytest.raises(Exception, match=r"content-differs|node\.copy\.differs"):
        lake.serve(work(3))
    assert lake.held() == [("e1", "张三", 1)]
    assert lake.serve(work(4), mode="full").rows == 2
    assert lake.ask(
        "SELECT count(*) FROM pg_tables WHERE schemaname = 'jutong_exchange' AND tablename LIKE 's\\_%'"
    ) == [(0,)]


def test_what_a_copy_cannot_be(lake: Lake) -> None:
    lake.put(row(1, "张三"))
    with pytest.raises(WriteForbiddenError):
        lake.serve(work(1), schema_name="public")
    with pytest.raises(CopyColumnError, match="phone"):
        lake.serve(work(1), lookups=(("phone",),))
    lake.ask("CREATE SCHEMA IF NOT EXISTS library")
    lake.ask("CREATE TABLE library.person (x int)")
    with pytest.raises(CopyTakenError):
        lake.serve(work(1))
    assert lake.ask("SELECT count(*) FROM library.person") == [(0,)]
