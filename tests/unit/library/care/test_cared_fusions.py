"""What care does to the tables of a fusion, the next fusion goes on from: nobody comes back, nobody changes names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jutong.kernel.keys import load_or_create_signer
from jutong.kernel.sealing import seal_for
from jutong.library.care.examine import examine, tables_of
from tests.unit.library.care.lake import CONSENTS, care
from tests.unit.library.fusion.registers import City, small


def test_a_fusion_goes_on_after_folding_erasing_and_restoring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUTONG_HOME", str(tmp_path))
    city = City(tmp_path)
    small(city)
    city.fuse()
    names = [dict(zip(("zone", "code", "table"), path.parts[-3:], strict=True)) for path in tables_of(city.library)]
    tidied = care(tmp_path, {"kind": "tidy", "tables": [{**one, "keep_days": 1, "most_small": 1} for one in names]})
    assert not [one.problem for one in tidied.tables if one.problem or one.findings]
    city.put("police", {"p1": (400, "A", "王伟", "20", None)}, merge=True)
    second = city.fuse()
    assert (second.full, second.changed) == (False, 1)  # folding changed nothing that a fusion looks at
    was = {row["id_number"]: row["entity_id"] for row in city.rows()}
    set_id = care(tmp_path, {"kind": "backup"}).set_id

    signer = load_or_create_signer(tmp_path / "keys" / "node.key", "node")
    box = seal_for(signer.public_b64, json.dumps({"values": [was["A"]]}).encode())
    order = {
        "kind": "erase", "erasure_id": "01939f5e-0000-7000-8000-000000000009", "box": box, "ground": "本人申请",
        "own": ["id_number"], "feeds": [], "consents": CONSENTS,
    }  # fmt: skip
    done = care(tmp_path, order)
    assert done.remaining == 0
    assert {one.table.table for one in done.tables} >= {"police", "civil", "person", "person_links"}
    third = city.fuse()
    assert (third.entities, third.created) == (2, 0)

    care(tmp_path, {"kind": "restore", "set_id": set_id})
    fourth = city.fuse()
    assert (fourth.entities, fourth.created, fourth.gone) == (2, 0, 0)
    assert {row["id_number"]: row["entity_id"] for row in city.rows()} == {one: was[one] for one in ("B", "C")}
    assert not [path for path in tables_of(city.library) if examine(path, content=True).findings]
    assert care(tmp_path, {"kind": "prove", "erasure_id": order["erasure_id"]}).remaining == 0
