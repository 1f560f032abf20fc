"""Encrypted columns and recipients' orders in a table of PostgreSQL, on every lane a job may be given."""

from __future__ import annotations

from typing import Any

import orjson
import psycopg
import pytest

from jutong.contracts.fingerprint import Fingerprint
from jutong.contracts.orders import JobOrder
from jutong.contracts.receipts import MovedReceipt
from jutong.contracts.rules import ColumnMask
from jutong.kernel.cells import derived
from jutong.kernel.clock import utc_now
from jutong.node.exchange.move import Workplace, move
from jutong.node.exchange.rules.arranged import carrier_of
from jutong.node.exchange.targets.errors import TargetUnfitError
from jutong.node.extract.finding import source_of
from tests.integration.node.test_exchange_into_postgresql import World, world  # noqa: F401 - a fixture

SECRET = "cd" * 32
AGREEMENT = "XY-2026-7"
ROWS = 2_000
SEALS = (
    ColumnMask(column="phone", mask="sealed", agreement=AGREEMENT),
    ColumnMask(column="amount", mask="sealed-equal", agreement=AGREEMENT, cipher="aes"),
)


def moved(world: World, order: JobOrder) -> MovedReceipt:  # noqa: F811
    folder = world.home / "jobs" / order.job_id
    folder.mkdir(parents=True)
    secret = world.home / "node.secret"
    secret.write_text(SECRET)
    place = Workplace(world.home / "library", folder, world.into, secret=secret)
    return move(order, world.source, place=place, clock=utc_now, progress=lambda _: None)


@pytest.fixture
def filled(world: World) -> World:  # noqa: F811
    world.at_source(
        "CREATE TABLE t (id bigint PRIMARY KEY, phone text, amount numeric(9, 2), note varchar(40))",
        f"INSERT INTO t SELECT g, '1380000' || g, g % 7 / 2.0, 'n' || g FROM generate_series(1, {ROWS}) g",
    )
    return world


@pytest.mark.parametrize("proof", ["digest", "count"])
def test_cells_land_on_every_lane_and_open_again(filled: World, proof: str) -> None:
    filled.at_target("CREATE TABLE t (id bigint PRIMARY KEY, phone text, amount varchar(100), note varchar(40))")
    order = filled.order("id", "phone", "amount", "note", proof=proof, masks=SEALS)
    receipt = moved(filled, order)
    assert (receipt.rows_written, receipt.lane) == (ROWS, "checked")
    key = derived(bytes.fromhex(SECRET), AGREEMENT)
    rows = filled.at_target("SELECT id, phone, amount, note FROM t ORDER BY id")
    opened = [(number, key.open(phone), key.open(amount), note) for number, phone, amount, note in rows]
    with psycopg.connect(filled.source.dsn) as connection:
        assert opened == connection.execute("SELECT id, phone, amount::text, note FROM t ORDER BY id").fetchall()
    assert filled.at_target("SELECT count(DISTINCT phone), count(DISTINCT amount) FROM t") == [(ROWS, 7)]
    filled.at_target("ALTER TABLE t ALTER phone TYPE varchar(40) USING ''")
    with pytest.raises(TargetUnfitError):
        moved(filled, order.model_copy(update={"job_id": order.job_id[:-4] + "0000"}))


@pytest.mark.parametrize("proof", ["digest", "count"])
def test_a_dump_of_the_table_tells_whose_it_is(filled: World, proof: str) -> None:
    filled.at_target("CREATE TABLE t (id bigint, cert_no text, amount numeric(9, 2), note varchar(40))")
    marked: dict[str, Any] = {"fingerprint": Fingerprint(agreement=AGREEMENT, column="phone")}
    names = {"phone": "cert_no"}
    order = filled.order("phone", "id", "amount", "note", proof=proof, names=names, **marked)
    receipt = moved(filled, order)
    assert (receipt.rows_written, receipt.lane) == (ROWS, "checked")  # never raw: the rows change places
    assert filled.at_target("SELECT count(*), count(DISTINCT id), sum(id) FROM t") == [
        (ROWS, ROWS, ROWS * (ROWS + 1) // 2),
    ]  # fmt: skip
    leaked = filled.home / "leaked.csv"
    dump = 'COPY (SELECT cert_no FROM "hub""%s".t LIMIT 300) TO STDOUT CSV HEADER'
    with psycopg.connect(filled.into.dsn) as connection, connection.cursor().copy(dump) as copy:
        leaked.write_bytes(b"".join(copy))
    kept = filled.home / "kept"
    kept.mkdir()
    for record in (order.job_id, order.job_id[:-4] + "ffff"):
        manifest = {"record": record, "carrier": "cert_no", "sha256": ""}
        (kept / f"{record}.json").write_bytes(orjson.dumps(manifest))
    assert carrier_of(filled.home / "jobs" / order.job_id) == "phone"
    assert source_of(leaked, kept, bytes.fromhex(SECRET)).manifest["record"] == order.job_id
