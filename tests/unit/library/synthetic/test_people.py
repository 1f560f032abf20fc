"""Invented people: the same from the same seed, and wrong only in ways that are known."""

import pyarrow.parquet as pq
import pytest

from jutong.library import synthetic
from jutong.library.synthetic import files
from jutong.standards import identity


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    found = tmp_path_factory.mktemp("people")
    synthetic.write(found / "standardised", 400, seed=3)
    synthetic.write(found / "landed", 400, seed=3, shape="landed")
    return found


def test_a_seed_gives_the_same_people_and_another_seed_others(folders, tmp_path):
    synthetic.write(tmp_path / "again", 400, seed=3)
    synthetic.write(tmp_path / "other", 400, seed=4)
    for name in (*synthetic.REGISTERS, "truth", "people"):
        first = pq.read_table(folders / "standardised" / f"{name}.parquet")
        assert pq.read_table(tmp_path / "again" / f"{name}.parquet").equals(first)
    assert not pq.read_table(tmp_path / "other" / "people.parquet").equals(first)


def test_every_row_has_its_truth_and_every_number_is_somebodys_or_named_wrong(folders):
    people = {row["person"]: row for row in pq.read_table(folders / "standardised/people.parquet").to_pylist()}
    truth = pq.read_table(folders / "standardised/truth.parquet").to_pylist()
    person = {(row["register"], row["key"]): row["person"] for row in truth}
    for one in people.values():
        assert identity.parse(one["identity_number"]).born_on == one["birth_date"]
    seen = 0
    for register in synthetic.REGISTERS:
        for row in pq.read_table(folders / f"standardised/{register}.parquet").to_pylist():
            right = people[person[register, row["_key"]]]
            assert row["identity_number"] in {None, right["identity_number"]}
            assert row["identity_number"] is None or not row["_problems"]
            seen += row["name"] != right["name"]
    assert len(person) == len(truth)
    assert seen > 5


def test_landed_rows_are_the_same_people_in_the_writings_of_registers(folders):
    rows = pq.read_table(folders / "landed/social.parquet").to_pylist()
    dates = {len(row["birth_date"]) for row in rows}
    assert dates == {8, 10, 11}
    assert {len(row["identity_number"].strip()) for row in rows if row["identity_number"]} == {15, 18}


def test_memory_does_not_grow_since_people_come_in_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "BLOCK", 100)
    counts = synthetic.write(tmp_path, 250, seed=1)
    assert counts["people"] == 250
    assert pq.ParquetFile(tmp_path / "people.parquet").metadata.num_row_groups == 3
    keys = pq.read_table(tmp_path / "police.parquet")["_key"].to_pylist()
    assert len(set(keys)) == len(keys)
