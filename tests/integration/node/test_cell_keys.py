"""The key of encrypted columns: fetched by the recipient, on record, opened by nobody else, and used by command."""

from __future__ import annotations

import csv
import dataclasses
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from jutong.cli.main import jutong
from jutong.client import RefusedError
from jutong.client.cells import write_key
from jutong.contracts.orders import GrantStateOrder
from jutong.kernel.cells import FORMS, derived
from jutong.kernel.keys import generate_signer
from jutong.kernel.sealing import UnreadableBoxError
from jutong.node.exchange.rules.seals import Seals
from jutong.node.service import secret
from tests.integration.node.conftest import Running
from tests.integration.node.test_clients_live import client_of
from tests.node_world import until

GRANT = "GR-2026-0001"
VALUES = ["张小明", None, "", "长" * 40]


async def test_a_recipient_fetches_its_key_and_opens_files_with_it(started: Running, tmp_path: Path) -> None:
    run = started
    async with client_of(run) as client:
        given = await client.cell_key(grant=GRANT, official="王老师")
        assert given.agreement == GRANT  # a grant without an agreement names its own keys
        key = given.opened(run.world.caller)
        assert key.key == derived(secret(run.world.home / "keys" / "node.secret"), GRANT).key
        with pytest.raises(UnreadableBoxError):
            given.opened(generate_signer("other"))
        await until(lambda: run.node.log.published_size == run.node.log.size)
        record = json.loads(run.node.log.find_record(given.record)[1])["record"]
        told = {name: record[name] for name in ("kind", "official", "key_id", "agreement")}
        assert told == {
            "kind": "cell-key", "official": "王老师", "key_id": run.world.caller.key_id, "agreement": GRANT,
        }  # fmt: skip
        assert key.key.hex() not in json.dumps(record)
        for grant, official, code in (
            ("GR-0", "王", r"node\.grant\.unknown"), (GRANT, " ", r"node\.call\.malformed"),
            (GRANT, "王\n", r"node\.call\.malformed"),
        ):  # fmt: skip
            with pytest.raises(RefusedError, match=code):
                await client.cell_key(grant=grant, official=official)
        grant_id = run.node.gateway.serving.book.by_number[GRANT].order.grant_id
        run.world.center.order("grant-state", GrantStateOrder(grant_id=grant_id, state="suspended", reason="核查"))
        await until(lambda: run.node.gateway.serving.book.by_number[GRANT].state == "suspended")
        with pytest.raises(RefusedError, match=r"node\.grant\.suspended"):
            await client.cell_key(grant=GRANT, official="王老师")
    write_key(tmp_path / "key.json", key)
    cells = Seals(key, FORMS[0])(pa.array(VALUES)).to_pylist()
    opens(tmp_path, cells)


def unsealed(source: Path, target: Path, *more: str) -> str:
    key = str(source.parent / "key.json")
    done = CliRunner().invoke(jutong, ["exchange", "unseal", str(source), str(target), "--cell-key", key, *more])
    return done.output + (str(done.exception) if done.exception else "")


def opens(folder: Path, cells: list[str | None]) -> None:
    """Open the same cells in every kind of file; a changed one is named, and nothing is left of its file."""
    with (folder / "a.csv").open("w", encoding="gb18030", newline="") as stream:
        csv.writer(stream).writerows([("姓名", "id"), *((cell or "", at) for at, cell in enumerate(cells))])
    assert "3 个值" in unsealed(folder / "a.csv", folder / "b.csv")
    assert (folder / "b.csv").stat().st_mode & 0o777 == 0o600
    with (folder / "b.csv").open(encoding="utf-8-sig", newline="") as stream:
        assert list(csv.reader(stream)) == [
            ["姓名", "id"],
            *([value or "", str(at)] for at, value in enumerate(VALUES)),
        ]
    lines = [json.dumps({"n": cell, "other": cells[0]}) for cell in cells]
    (folder / "a.jsonl").write_text("\n".join(lines), "utf-8")
    unsealed(folder / "a.jsonl", folder / "b.jsonl", "--column", "n")
    found = [json.loads(line) for line in (folder / "b.jsonl").read_text("utf-8").splitlines()]
    assert [(row["n"], row["other"]) for row in found] == [(value, cells[0]) for value in VALUES]
    pq.write_table(pa.table({"n": cells, "id": list(range(4))}), folder / "a.parquet")
    unsealed(folder / "a.parquet", folder / "b.parquet")
    assert pq.read_table(folder / "b.parquet").to_pydict() == {"n": VALUES, "id": [0, 1, 2, 3]}
    assert cells[3] is not None
    (folder / "bad.jsonl").write_text("\n".join([lines[0], json.dumps({"n": cells[3][:-8] + "AAAAAAAA"})]), "utf-8")
    assert "client.cell.unreadable" in unsealed(folder / "bad.jsonl", folder / "no.jsonl")
    assert not [path.name for path in folder.iterdir() if path.name.startswith("no.")]
    (folder / "key.json").write_text(json.dumps(dataclasses.asdict(derived(b"s" * 32, GRANT))["agreement"]))
    assert "client.cell.key-file" in unsealed(folder / "a.jsonl", folder / "no.jsonl")
