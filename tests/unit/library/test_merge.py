from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jutong.contracts.modes import DELETED, FROM, AppendMode, DifferenceMode, MergeMode, Mode, ReplaceMode
from jutong.kernel.errors import JutongError
from jutong.library import matching, merge, overwrite, sides, tables
from jutong.library.errors import (
    KeyMissingError,
    KeyRepeatedError,
    KeyUnfitError,
    MergeDiffersError,
    ModeUnfitError,
    SchemaDriftError,
)
from jutong.library.merge import Merge
from jutong.library.overwrite import Overwrite, Proof
from jutong.library.proof import standing

HARD, MERGE = DifferenceMode(keys=("id",)), MergeMode(keys=("id",))


def people(*ids: int, name: str = "x", **more: Any) -> pa.Table:
    return pa.table({"id": pa.array(ids, pa.int64()), "name": pa.array([name] * len(ids)), **more})


def bring(path: Path, mode: Mode, rows: pa.Table) -> Proof:
    job = str(uuid4())
    with Merge(path, job, mode) as target:
        target.agree(rows.schema)
        target.begin(rows.schema)
        for batch in rows.to_batches():
            target.write(batch)
        target.finish()
        digest = target.read_back().text()
        return target.commit(Proof(job, rows.num_rows, digest, digest, 1)).proof


def files(path: Path) -> set[str]:
    return {Path(uri).name for uri in tables.open_table(path).file_uris()}


def rows_of(path: Path) -> list[dict[str, Any]]:
    table = tables.open_table(path)
    read = tables.read_batches([Path(uri) for uri in table.file_uris()], tables.arrow_schema(table))
    return sorted(pa.Table.from_batches(read, tables.arrow_schema(table)).to_pylist(), key=lambda row: str(row["id"]))


def test_only_files_with_a_changed_row_are_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for count in range(4):
        bring(tmp_path / "t", AppendMode(watermark="id"), people(*range(10 * count, 10 * count + 10)))
    before = files(tmp_path / "t")
    monkeypatch.setattr(overwrite, "FILE_BYTES", 1)
    proof = bring(tmp_path / "t", MERGE, people(11, 12, 99, name="y"))
    assert (proof.inserted, proof.updated, proof.unchanged, proof.table_rows) == (1, 2, 0, 41)
    assert len(before & files(tmp_path / "t")) == 3
    kept = files(tmp_path / "t")
    proof = bring(tmp_path / "t", MERGE, people(11, 12, name="y"))
    assert (proof.unchanged, files(tmp_path / "t")) == (2, kept)
    assert proof.table_digest == tables.read_digest(tmp_path / "t")


def test_many_small_files_become_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merge, "MOST_SMALL", 3)
    for count in range(8):
        proof = bring(tmp_path / "t", AppendMode(watermark="id"), people(count))
        assert len(files(tmp_path / "t")) <= 3
        assert (proof.inserted, proof.table_rows) == (1, count + 1)
        assert proof.table_digest == tables.read_digest(tmp_path / "t")


def test_many_parts_find_what_one_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matching, "PART_ROWS", 7)
    monkeypatch.setattr(sides, "MOST_KNOWN", 5)
    bring(tmp_path / "t", MERGE, people(*range(300)))
    proof = bring(tmp_path / "t", MERGE, people(*range(200, 400), name="y"))
    assert (proof.inserted, proof.updated) == (100, 100)
    proof = bring(tmp_path / "t", HARD, people(*range(50, 60)))
    assert (proof.updated, proof.unchanged, proof.deleted, proof.table_rows) == (0, 10, 390, 10)


def test_rows_without_a_key_or_with_one_of_another_are_refused(tmp_path: Path) -> None:
    first = bring(tmp_path / "t", HARD, people(1, 2))
    with pytest.raises(KeyRepeatedError):
        bring(tmp_path / "t", HARD, people(3, 4, 3))
    with pytest.raises(KeyMissingError):
        bring(tmp_path / "t", MERGE, pa.table({"id": pa.array([None, 1], pa.int64()), "name": ["a", "b"]}))
    for unfit in (MergeMode(keys=("no",)), MergeMode(keys=("pay",))):
        with pytest.raises(KeyUnfitError):
            bring(tmp_path / "u", unfit, people(1, pay=pa.array([1.5])))
    assert tables.read_digest(tmp_path / "t") == first.table_digest
    assert files(tmp_path / "t") == {file.name for file in (tmp_path / "t").glob("*.parquet")}
    assert not list((tmp_path / "t").glob(".merge*"))


def test_a_table_that_had_a_key_twice_is_put_right(tmp_path: Path) -> None:
    bring(tmp_path / "t", ReplaceMode(), people(1, 1, 2))
    proof = bring(tmp_path / "t", HARD, people(1, 2, 3))
    assert (proof.inserted, proof.updated, proof.unchanged, proof.table_rows) == (1, 0, 2, 3)


def test_other_columns_are_refused_taken_or_left_out_as_ordered(tmp_path: Path) -> None:
    bring(tmp_path / "t", HARD, people(1, 2))
    wide = people(1, 3, born=pa.array(["a", None]))
    narrow = wide.drop_columns(["name"])
    for mode in (HARD, ReplaceMode(), AppendMode(watermark="id"), MergeMode(keys=("id",), drift="evolve")):
        with pytest.raises(SchemaDriftError, match=r"\+born"):
            bring(tmp_path / "t", mode, wide)
    proof = bring(tmp_path / "t", MergeMode(keys=("id",), drift="aside"), wide)
    assert (proof.inserted, proof.updated, proof.unchanged) == (1, 0, 1)
    assert {tuple(row) for row in rows_of(tmp_path / "t")} == {("id", "name")}
    bring(tmp_path / "t", MergeMode(keys=("id",), drift="evolve", approved=("born",)), wide)
    proof = bring(tmp_path / "t", MergeMode(keys=("id",), drift="evolve", approved=("name",)), narrow)
    assert rows_of(tmp_path / "t") == [
        {"id": 1, "name": None, "born": "a"},
        {"id": 2, "name": "x", "born": None},
        {"id": 3, "name": None, "born": None},
    ]
    assert proof.table_digest == tables.read_digest(tmp_path / "t")


@pytest.mark.parametrize(
    ("there", "comes", "becomes"),
    [
        (pa.int32(), pa.int64(), pa.int64()),
        (pa.int64(), pa.int32(), pa.int64()),
        (pa.decimal128(5, 2), pa.decimal128(6, 3), pa.decimal128(6, 3)),
        (pa.decimal128(38, 0), pa.decimal128(38, 10), None),
        (pa.int64(), pa.string(), None),
    ],
)
def test_a_type_only_ever_widens(
    tmp_path: Path, there: pa.DataType, comes: pa.DataType, becomes: pa.DataType | None
) -> None:
    bring(tmp_path / "t", HARD, people(1, v=pa.array(["1"]).cast(there)))
    mode, rows = MergeMode(keys=("id",), drift="evolve", approved=("v",)), people(2, v=pa.array(["2"]).cast(comes))
    if becomes is None:
        with pytest.raises(SchemaDriftError, match="~v"):
            bring(tmp_path / "t", mode, rows)
        return
    bring(tmp_path / "t", mode, rows)
    assert tables.arrow_schema(tables.open_table(tmp_path / "t")).field("v").type == becomes
    assert [int(row["v"]) for row in rows_of(tmp_path / "t")] == [1, 2]


def test_history_is_not_lost_to_an_order_that_keeps_none(tmp_path: Path) -> None:
    bring(tmp_path / "t", HARD, people(1))
    bring(tmp_path / "t", MergeMode(keys=("id",), history=True), people(1, name="y"))
    assert [row["name"] for row in rows_of(tmp_path / "t")] == ["x", "y"]
    for mode in (HARD, MERGE, ReplaceMode(), AppendMode(watermark="id")):
        with pytest.raises(ModeUnfitError):
            bring(tmp_path / "t", mode, people(1))
    with pytest.raises(SchemaDriftError):
        bring(tmp_path / "u", HARD, people(1).append_column(FROM, [[1]]))


def test_what_was_missed_and_comes_back_holds_again(tmp_path: Path) -> None:
    soft = DifferenceMode(keys=("id",), deletes="soft")
    bring(tmp_path / "t", HARD, people(1, 2))
    assert bring(tmp_path / "t", soft, people(2)).deleted == 1
    assert bring(tmp_path / "t", soft, people(2)).deleted == 0
    assert [row[DELETED] is None for row in rows_of(tmp_path / "t")] == [False, True]
    assert bring(tmp_path / "t", MERGE, people(1)).updated == 1
    assert [row[DELETED] for row in rows_of(tmp_path / "t")] == [None, None]


def test_a_file_that_was_changed_behind_our_back_is_seen(tmp_path: Path) -> None:
    bring(tmp_path / "t", AppendMode(watermark="id"), people(1, 2))
    (file,) = (tmp_path / "t").glob("*.parquet")
    pq.write_table(people(1, 2, name="forged"), file)
    with pytest.raises(MergeDiffersError):
        bring(tmp_path / "t", HARD, people(2, 3))
    with pytest.raises(JutongError):
        bring(tmp_path / "t", HARD, people(*range(9)))
    bring(tmp_path / "t", ReplaceMode(), people(2))
    assert rows_of(tmp_path / "t") == [{"id": 2, "name": "x"}]


def test_a_table_of_an_earlier_version_is_read_to_know_how_it_stands(tmp_path: Path) -> None:
    rows = people(1, 2)
    with Overwrite(tmp_path / "t", str(uuid4())) as target:
        target.begin(rows.schema)
        target.write(rows.to_batches()[0])
        target.finish()
        digest = target.read_back().text()
        target._made_of_it = lambda proof: proof  # type: ignore[method-assign]
        target.commit(Proof(target.job_id, 2, digest, digest, 1))
    found = standing(tmp_path / "t")
    assert found is not None
    assert (found.rows, found.digest) == (2, digest)
    assert bring(tmp_path / "t", AppendMode(watermark="id"), people(3)).table_digest == tables.read_digest(
        tmp_path / "t"
    )
    assert standing(tmp_path / "none") is None
