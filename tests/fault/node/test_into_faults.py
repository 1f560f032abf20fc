"""Moves into PostgreSQL killed on either side: no row lost, none there twice, and the book is right."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path
from typing import Literal

import psycopg
import pytest

from jutong.contracts.landing import Landing
from jutong.contracts.orders import JobOrder
from jutong.contracts.rules import ColumnMask, NotNull
from jutong.node import sources
from jutong.node.exchange import runner
from jutong.node.exchange.jobs import JobFolder, chunks_finished
from jutong.node.sources import SourceConfig
from jutong.runtime.postgres import Postgres
from tests.unit.node.exchange.moving import ORGANISATION, order_for, wait_for

pytestmark = pytest.mark.fault
Proofs = Literal["digest", "count"]
ROWS = 60_000
CHUNK_ROWS = 4_000
KILLS = int(os.environ.get("FAULT_KILLS_INTO", "3"))
PASSWORD = "fault-password"


@pytest.fixture
def source(registry_server: Postgres, tmp_path: Path) -> SourceConfig:
    dsns = [registry_server.ensure_database(name, "fault_owner", PASSWORD) for name in ("fault_from", "fault_hub")]
    with psycopg.connect(dsns[0], autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS person")
        connection.execute(
            "CREATE TABLE person AS SELECT g AS id, CASE WHEN g %% 10 > 0 THEN md5(g::text) END AS name,"
            " (g / 7.0)::numeric(12, 2) AS income FROM generate_series(1, %s) g", (ROWS,)
        )  # fmt: skip
        connection.execute("ALTER TABLE person ADD PRIMARY KEY (id)")
    with psycopg.connect(dsns[1], autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS person")
        connection.execute("DROP SCHEMA IF EXISTS jutong_exchange CASCADE")
        connection.execute("CREATE TABLE person (id int PRIMARY KEY, name text, income numeric(12, 2))")
        connection.execute("INSERT INTO person VALUES (0)")
    hub = {
        "name": "hub",
        "dialect": "postgresql",
        "organisation_code": ORGANISATION,
        "dsn": dsns[1],
        "writes": ["public"],
    }
    path = tmp_path / sources.FILE
    path.parent.mkdir(parents=True)
    path.touch(0o600)
    path.write_text(json.dumps([hub]), encoding="utf-8")
    return SourceConfig("civil", "postgresql", ORGANISATION, dsn=dsns[0])


def ordered(source: SourceConfig, *, raw: bool, proof: Proofs = "digest") -> JobOrder:
    pairs = tuple((name, name) for name in ("id", "name", "income"))
    landing = Landing(source="hub", schema_name="public", table="person", columns=pairs, proof=proof)
    checks = {} if raw else {
        "rules": (NotNull(id="named", column="name"),), "masks": (ColumnMask(column="name", mask="name"),),
    }  # fmt: skip
    order = order_for(source, "public", "person", "id", "name", "income")
    return order.model_copy(update={"into": landing, "chunk_rows": CHUNK_ROWS, **checks})


def one(dsn: str, query: str) -> tuple[int, ...]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(query.encode()).fetchone() or ()


CONTENT = (
    "SELECT count(*), count(DISTINCT id), coalesce(sum(hash_record_extended(ROW(id, name, income), 0)), 0) FROM person"
)


def test_a_job_killed_at_any_moment_lands_every_row_once(source: SourceConfig, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    dice = random.Random(seed)
    hub = sources.load(tmp_path / sources.FILE)["hub"].dsn
    ways: tuple[tuple[bool, Proofs, int], ...] = (
        (True, "digest", KILLS), (False, "digest", KILLS), (False, "count", -(-KILLS // 3)),
    )  # fmt: skip
    for raw, proof, kills in ways:
        begun = time.monotonic()
        order = ordered(source, raw=raw, proof=proof)
        first = wait_for(runner.start(order, home=tmp_path, source=source))
        length = time.monotonic() - begun
        assert (first.state, first.lane) == ("done", "raw" if raw else "checked"), first.problem
        content = one(hub, CONTENT)
        assert content[:2] == ((ROWS, ROWS) if raw else (ROWS * 9 // 10, ROWS * 9 // 10))
        for round_number in range(kills):
            said = f"seed {seed}, raw {raw}, {proof}, round {round_number}"
            again = ordered(source, raw=raw, proof=proof)
            handle = runner.start(again, home=tmp_path, source=source)
            for _ in range(2):
                time.sleep(dice.uniform(0, length))
                if handle.pid is not None:
                    with suppress(ProcessLookupError):
                        os.kill(handle.pid, signal.SIGKILL)
                assert one(hub, CONTENT) == content, said  # readers see one whole table, always
                handle.poll()
            receipt = wait_for(handle)
            assert receipt.state == "done", f"{said}: {receipt.problem}"
            assert one(hub, CONTENT) == content, said
            assert receipt.target_digest == first.target_digest, said
            written = "SELECT coalesce(sum((done->>'written')::int), 0), count(*) FROM jutong_exchange.chunk"
            assert one(hub, f"{written} WHERE job_id = '{again.job_id}'") == (content[0], ROWS // CHUNK_ROWS), said
    left = "SELECT count(*) FROM pg_class WHERE relname LIKE 's\\_%' AND relnamespace = 'jutong_exchange'::regnamespace"
    assert one(hub, left) == (0,)


def test_a_target_whose_sessions_end_fails_the_job_and_keeps_its_table(source: SourceConfig, tmp_path: Path) -> None:
    hub = sources.load(tmp_path / sources.FILE)["hub"].dsn
    ends = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
        " WHERE datname = 'fault_hub' AND application_name = 'jutong' AND pid <> pg_backend_pid()"
    )
    for raw in (True, False):
        order = ordered(source, raw=raw)
        handle = runner.start(order, home=tmp_path, source=source)
        deadline = time.monotonic() + 60
        while chunks_finished(JobFolder(tmp_path, order.job_id).path) < 2:
            assert time.monotonic() < deadline
            time.sleep(0.002)
        one(hub, ends)
        receipt = wait_for(handle)
        said = JobFolder(tmp_path, order.job_id).log.read_text(encoding="utf-8")
        assert receipt.state == "done" or "node.exchange.target-lost" in receipt.problem, said
        if receipt.state != "done":
            assert one(hub, "SELECT min(id), count(*) FROM person") == (0, 1)
