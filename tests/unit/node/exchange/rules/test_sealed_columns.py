"""Encrypted columns: every byte is the library's GCM, nobody without the agreement's key reads one, and a move has none
of it in the clear."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pydantic import ValidationError

from jutong.contracts.modes import DifferenceMode, MergeMode
from jutong.contracts.orders import JobOrder
from jutong.contracts.rules import ColumnMask, OneOf
from jutong.kernel.cells import FORMS, PREFIX, CellKey, Form, UnreadableCellError, derived
from jutong.kernel.clock import utc_now
from jutong.node.exchange.move import Workplace, move
from jutong.node.exchange.rules import seals
from jutong.node.exchange.rules.seals import Seals
from tests.unit.node.exchange.moving import landed, landed_path, order_for, sqlite_source

KEY = derived(b"s" * 32, "XY-2026-1")
VALUES = ["张三", "", None, "x" * 15, "x" * 16, "x" * 17, "长" * 700, "630102199001011234", "张三"]


def opened(key: CellKey, cells: pa.Array[Any]) -> list[str | None]:
    return [None if cell is None else key.open(cell) for cell in cells.to_pylist()]


@pytest.mark.parametrize("form", FORMS)
def test_the_library_opens_what_was_closed_and_nothing_that_was_changed(
    form: Form, monkeypatch: pytest.MonkeyPatch
) -> None:
    array = pa.array(["in front", *VALUES, "behind"])
    cells = Seals(KEY, form)(array)
    assert opened(KEY, cells) == array.to_pylist()
    assert opened(KEY, Seals(KEY, form)(array.slice(1, 7))) == VALUES[:7]
    assert opened(KEY, Seals(KEY, form)(pa.array([None, None], pa.string()))) == [None, None]
    first, last = cells[1].as_py(), cells[9].as_py()
    assert (first == last) is form.is_equal
    assert (Seals(KEY, form)(array)[1].as_py() == first) is form.is_equal
    monkeypatch.setattr(seals, "MOST_AT_ONCE", 32)  # a salt and a part for every two values
    assert opened(KEY, Seals(KEY, form)(array)) == array.to_pylist()
    for other in (derived(b"s" * 32, "XY-2026-2"), CellKey(KEY.key, "XY-2026-2"), derived(b"t" * 32, KEY.agreement)):
        with pytest.raises(UnreadableCellError):
            other.open(first)
    for at in (len(PREFIX), len(PREFIX) + 3, len(first) // 2, len(first) - 3):
        with pytest.raises(UnreadableCellError):
            KEY.open(first[:at] + ("A" if first[at] != "A" else "B") + first[at + 1 :])
    for bad in ("", "张三", PREFIX, PREFIX + "AQ", first[:-30], PREFIX + "~" * 40):
        with pytest.raises(UnreadableCellError):
            KEY.open(bad)


def test_the_length_of_a_value_shows_in_steps_only() -> None:
    cells = Seals(KEY, FORMS[0])(pa.array(["", "张三", "欧阳小红", "x" * 16])).to_pylist()
    assert len({len(cell) for cell in cells[:3]}) == 1
    assert len(cells[3]) > len(cells[0])


def test_a_move_lands_cells_only_and_keeps_refused_rows_as_they_were(tmp_path: Path) -> None:
    rows = [(number, f"1380000{number:04d}", "张三") for number in range(300)]
    script = "CREATE TABLE person (id INTEGER PRIMARY KEY, phone TEXT, name TEXT);"
    source = sqlite_source(tmp_path, script, ("INSERT INTO person VALUES (?, ?, ?)", [*rows, (300, "坏", "李四")]))
    (tmp_path / "keys").mkdir()
    secret = tmp_path / "keys" / "node.secret"
    secret.write_text("ab" * 32)
    order = order_for(source, "main", "person", "id", "phone", "name").model_copy(
        update={
            "rules": (OneOf(id="good", column="phone", values=tuple(phone for _, phone, _ in rows)),),
            "masks": (
                ColumnMask(column="phone", mask="sealed", agreement="XY-2026-1"),
                ColumnMask(column="name", mask="sealed-equal", agreement="XY-2026-1", cipher="aes"),
            ),
        }
    )
    folder = tmp_path / "jobs" / order.job_id
    folder.mkdir(parents=True)
    place = Workplace(tmp_path / "library", folder, secret=secret)
    receipt = move(order, source, place=place, clock=utc_now, progress=lambda _: None)
    assert (receipt.rows_read, receipt.rows_written, receipt.rows_quarantined) == (301, 300, 1)
    key = derived(bytes.fromhex("ab" * 32), "XY-2026-1")
    table = landed(tmp_path)
    assert opened(key, table["phone"].combine_chunks()) == [phone for _, phone, _ in rows]
    assert opened(key, table["name"].combine_chunks()) == ["张三"] * 300
    assert (len(set(table["phone"].to_pylist())), len(set(table["name"].to_pylist()))) == (300, 1)
    written = b"".join(path.read_bytes() for path in landed_path(tmp_path).rglob("*") if path.is_file())
    assert b"1380000" not in written
    assert "张三".encode() not in written


def test_rows_are_not_told_apart_by_what_is_encrypted_anew_each_time() -> None:
    anew = ColumnMask(column="id", mask="sealed", agreement="XY-2026-1")
    base: dict[str, Any] = {
        "job_id": "j", "source": "s", "schema_name": "main", "table": "t", "columns": ("id", "name"), "target": "t"
    }  # fmt: skip
    for mode, masks in (
        (MergeMode(keys=("id",)), (anew,)),
        (DifferenceMode(keys=("id",)), (anew.model_copy(update={"column": "name"}),)),
    ):
        with pytest.raises(ValidationError, match="sealed anew"):
            JobOrder(**base, mode=mode, masks=masks)
        equal = tuple(mask.model_copy(update={"mask": "sealed-equal"}) for mask in masks)
        assert JobOrder(**base, mode=mode, masks=equal).masks == equal
    for bad in ({"mask": "sealed"}, {"mask": "name", "cipher": "aes"}, {"mask": "phone", "agreement": "x"}):
        with pytest.raises(ValidationError):
            ColumnMask.model_validate({"column": "id", **bad}, strict=False)
    assert anew.model_dump(mode="json") == {"column": "id", "mask": "sealed", "agreement": "XY-2026-1"}
