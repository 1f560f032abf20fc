"""One person is erased from every table, version and log; others stay; and the proof does not take our word for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from jutong.kernel.errors import JutongError
from jutong.kernel.keys import load_or_create_signer
from jutong.kernel.sealing import seal_for
from jutong.library.care import history
from jutong.library.care.errors import ConsentMissingError, ErasureRemainsError, ErasureUnreadableError
from jutong.library.care.examine import examine
from jutong.library.overwrite import LOCK, Overwrite
from jutong.library.tables import open_table
from tests.unit.library.care.lake import CONSENTS, OWNER, bring, care, ids, number, people, table

FEED = {
    "name": "police_person", "organisation_code": OWNER, "organisation_name": "公安", "role": "police",
    "landed": "person", "library": "POP", "table": "person", "key": "row_id",
    "columns": [["id_number", "id_number"], ["full_name", "name"]],
}  # fmt: skip
HER = 2


def box(home: Path, *values: str) -> str:
    signer = load_or_create_signer(home / "keys" / "node.key", "node")
    return seal_for(signer.public_b64, json.dumps({"values": values}).encode())


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Three people, registered, standardised and fused; she is person 2, and was in former versions, too."""
    library = tmp_path / "library"
    landed = table(library)
    for ids_ in ((1,), (2,), (3,)):
        rows = people(*ids_)
        bring(landed, rows.append_column("row_id", pa.array([one * 100 for one in ids_], pa.int64())))
    spouse = table(library, "marriage")
    bring(spouse, pa.table({"a": [number(1)], "b": [number(HER)]}))
    standard = table(library, "police_person", "standardised")
    for _ in range(2):
        rows = people(1, 2, 3, spouse=[number(2), number(1), None])
        bring(standard, rows.append_column("_key", pa.array(["100", "200", "300"])), "overwrite")
    fused = table(library, "person", "fused", "POP")
    bring(
        fused,
        people(1, 2, 3, spouse=["e2", "e1", None]).append_column("entity_id", pa.array(["e-one", "e-two", "e-3"])),
    )
    links = table(library, "person_links", "fused", "POP")
    until = pa.array([None, None, None, 1], pa.timestamp("us", "UTC"))
    keys = pa.table({"entity_id": ["e-one", "e-two", "e-3", "e-one"], "feed": ["police_person"] * 4,
                     "key": ["100", "200", "300", "200"], "until": until})  # fmt: skip
    bring(links, keys)
    bring(table(library, "household", "service", "POP"), pa.table({"head": [number(2)], "size": [2]}))
    return tmp_path


def task(home: Path, **more: Any) -> dict[str, Any]:
    return {
        "kind": "erase", "erasure_id": str(uuid4()), "box": box(home, number(HER)), "ground": "本人申请",
        "own": ["id_number"], "feeds": [FEED], "consents": CONSENTS,
    } | more  # fmt: skip


def holds(home: Path, text: str) -> list[str]:
    """Where a text stands in the library, by reading everything there is in another way than the product does."""
    found = []
    for file in sorted((home / "library").rglob("*")):
        if file.suffix == ".parquet" and "_delta_log" not in file.parts:
            told = json.dumps(pq.read_table(file).to_pylist(), default=str)
        elif file.is_file():
            told = file.read_bytes().decode("utf-8", "replace")
        else:
            continue
        if text in told:
            found.append(str(file))
    return found


def test_she_is_gone_from_every_file_and_everybody_else_is_there(home: Path) -> None:
    library = home / "library"
    assert len(holds(home, number(HER))) >= 6
    counted = care(home, task(home, dry=True, consents=[]))
    order = task(home)
    done = care(home, order)
    assert holds(home, number(HER)) == []
    assert (done.remaining, len(done.digest), done.ground) == (0, 64, "本人申请")
    assert {one.table.text: (one.rows, one.emptied) for one in done.tables} == {
        f"landed/{OWNER}/marriage": (1, 0),  # nobody knows whose row it is
        f"landed/{OWNER}/person": (1, 0),
        f"standardised/{OWNER}/police_person": (1, 1),
        "fused/POP/person": (1, 0),
        "fused/POP/person_links": (2, 0),
        "service/POP/household": (1, 0),
    }
    assert {one.table.text: one.rows for one in counted.tables} == {one.table.text: one.rows for one in done.tables}
    assert ids(table(library)) == [number(1), number(3)]
    assert [
        one.number for one in history.versions(table(library, "police_person", "standardised")) if one.readable
    ] == [2]
    assert [one.number for one in history.versions(table(library)) if one.readable] == [0, 3]
    for one in done.tables:
        path = library / one.table.zone / one.table.code / one.table.table
        assert examine(path, content=True).findings == ()
    account = (library / ".erasures" / f"{order['erasure_id']}.json").read_text("utf-8")
    assert number(HER) not in account
    assert "e-two" not in account


def test_a_later_proof_finds_her_again_when_she_comes_back(home: Path) -> None:
    order = task(home)
    care(home, order)
    proof = {"kind": "prove", "erasure_id": order["erasure_id"]}
    assert care(home, proof).remaining == 0
    bring(table(home / "library", "others"), people(2))
    again = care(home, proof)
    assert (again.remaining, [one.table.table for one in again.tables]) == (1, ["others"])


def test_two_have_to_agree_and_the_box_has_to_be_ours(home: Path) -> None:
    with pytest.raises(ConsentMissingError):
        care(home, task(home, consents=[{**CONSENTS[2], "role": role} for role in ("owner", "second")]))
    signer = load_or_create_signer(home / "other.key", "other")
    with pytest.raises(ErasureUnreadableError):
        care(home, task(home, box=seal_for(signer.public_b64, b"{}")))
    assert ids(table(home / "library")) == [number(1), number(2), number(3)]


def test_a_table_being_written_is_told_and_the_same_order_ends_the_work(home: Path) -> None:
    order, work = task(home), str(uuid4())
    with Overwrite(table(home / "library"), str(uuid4())), pytest.raises(ErasureRemainsError, match="person"):
        care(home, order, work)
    assert (table(home / "library") / LOCK).exists()
    assert care(home, order, work).remaining == 0
    assert holds(home, number(HER)) == []


def test_the_log_of_a_writer_that_keeps_statistics_is_cut(home: Path) -> None:
    path = table(home / "library")
    log = path / "_delta_log" / f"{1:020d}.json"
    lines = [json.loads(line) for line in log.read_bytes().splitlines()]
    for line in lines:
        if "add" in line:
            line["add"]["stats"] = json.dumps({"numRecords": 1, "minValues": {"id_number": number(HER)}})
    log.write_text("\n".join(map(json.dumps, lines)))
    care(home, task(home))
    assert holds(home, number(HER)) == []
    assert ids(path) == [number(1), number(3)]
    assert DeltaTable(str(path)).version() == open_table(path).version()
    bring(path, people(9).append_column("row_id", pa.array([900], pa.int64())))
    assert examine(path, content=True).findings == ()


def test_an_unknown_erasure_has_no_proof(home: Path) -> None:
    with pytest.raises(JutongError, match="没有编号为"):
        care(home, {"kind": "prove", "erasure_id": str(uuid4())})
