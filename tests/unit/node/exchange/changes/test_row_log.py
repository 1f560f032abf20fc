"""Bytes of a row log as servers write them: MySQL's own events among them, made by hand here."""

from __future__ import annotations

import datetime as dt
import random
import struct
import zlib
from collections.abc import Iterator
from decimal import Context, Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from jutong.node.exchange.changes.row_log import events, statements, values
from jutong.node.exchange.changes.row_log.charsets import Charset
from jutong.node.exchange.changes.row_log.errors import StatementLoggedError, TableAlteredError, UndecidedError
from jutong.node.exchange.changes.row_log.events import Event, Place, UnreadableError
from jutong.node.exchange.changes.row_log.images import cut, decimal_groups
from jutong.node.exchange.changes.row_log.server import Table
from jutong.node.exchange.changes.row_log.statements import Followed, meaning
from jutong.node.exchange.changes.row_log.stream import LogDump, inner_events
from jutong.node.exchange.changes.row_log.window import RowsWindow
from jutong.node.exchange.plan import CatalogColumn, MovePlan, PlannedColumn
from jutong.node.exchange.readers.mysql import mapping_of
from jutong.node.sources import SourceConfig
from tests.unit.node.exchange.moving import ORGANISATION

HERE = Place.of("bin.000007", 4)
TYPES = {"id": "int(10) unsigned", "price": "decimal(20,3)", "name": "varchar(300)", "doc": "json", "at": "datetime(3)"}


def packed_decimal(value: Decimal, precision: int, scale: int) -> bytes:
    digits = str(int(value.copy_abs().scaleb(scale, Context(prec=70)))).zfill(precision)
    whole, part = digits[: precision - scale], digits[precision - scale :]
    first = len(whole) % 9
    pieces = ([whole[:first]] if first else []) + [whole[at : at + 9] for at in range(first, len(whole), 9)]
    pieces += [part[at : at + 9] for at in range(0, len(part), 9)]
    widths = decimal_groups(precision << 8 | scale)[2]
    raw = bytearray(b"".join(int(piece).to_bytes(width, "big") for piece, width in zip(pieces, widths, strict=True)))
    raw[0] ^= 0x80
    return bytes(byte ^ 0xFF for byte in raw) if value < 0 else bytes(raw)


def row(number: int, price: Decimal | None, name: str) -> bytes:
    """Return a row's image: document and time are always the same."""
    encoded, at = name.encode(), dt.datetime(2026, 1, 31, 8, 5, 9)  # noqa: DTZ001 - the column has no zone
    packed = 0x8000000000 + (
        ((at.year * 13 + at.month) << 22) | (at.day << 17) | (at.hour << 12) | (at.minute << 6) | at.second
    )
    nulls = bytes([0b00010 if price is None else 0])
    value = b"" if price is None else packed_decimal(price, 20, 3)
    return (
        nulls + struct.pack("<I", number) + value + struct.pack("<H", len(encoded)) + encoded
        + struct.pack("<I", 3) + b"doc" + packed.to_bytes(5, "big") + (1230).to_bytes(2, "big")
    )  # fmt: skip


def described(*, names: bool = True) -> Event:
    body = (70).to_bytes(6, "little") + b"\1\0" + b"\5house\0" + b"\6person\0"
    body += bytes([5, 3, 246, 15, 245, 18]) + bytes([6, 20, 3, 0xB0, 4, 4, 3]) + b"\x1f"
    if names:
        listed = b"".join(bytes([len(name)]) + name.encode() for name in TYPES)
        body += bytes([1, 1, 0x80]) + bytes([4, len(listed)]) + listed  # signedness first, which is passed over
    return Event(events.TABLE_MAP, body, HERE)


def of_rows(kind: int, *images: bytes, extra: bytes = b"\2\0", table: int = 70) -> Event:
    bitmaps = b"\x1f" * (2 if kind == events.UPDATE_2 else 1)
    body = table.to_bytes(6, "little") + b"\1\0" + extra + b"\5" + bitmaps + b"".join(images)
    return Event(kind, body, HERE)


def said(text: str, schema: str = "house") -> Event:
    status = b"\0" + bytes(4) + b"\1" + bytes(8) + b"\6\3std" + b"\4" + struct.pack("<HHH", 45, 45, 45)
    body = bytes(8) + bytes([len(schema)]) + bytes(2) + struct.pack("<H", len(status)) + status
    return Event(events.QUERY, body + schema.encode() + b"\0" + text.encode(), HERE)


@pytest.fixture
def window(tmp_path: Path) -> Iterator[RowsWindow]:
    columns = []
    for name, kind in TYPES.items():
        mapping = mapping_of(CatalogColumn(name, kind))
        assert mapping is not None
        columns.append(PlannedColumn(name, kind, mapping))
    plan = MovePlan("housing", "house", "person", tuple(columns))
    places = {name: place for place, name in enumerate(TYPES)}
    table = Table("house", "person", places, {"name": Charset("utf8mb4", plain=True)}, ("id",), maria=False)
    with RowsWindow(tmp_path / "window", plan, table, from_snapshot=False) as made:
        yield made


def test_mysqls_events_come_out_as_rows(window: RowsWindow) -> None:
    prices = [Decimal(value) for value in ("0.001", "-99999999999999999.999", "12345678901234567.890", "-1.000")]
    images = [row(number, price, "名" * 20 * number) for number, price in enumerate(prices)]
    asked: list[list[int]] = []

    def again(keys: pa.RecordBatch) -> pa.RecordBatch:
        asked.append([int(key or 0) for key in keys.column("id").to_pylist()])
        found = [{"id": key, "name": "again"} for key in asked[-1] if key != 2]
        return pa.RecordBatch.from_pylist(found, schema=window._plan.schema)

    window.take(described())
    window.take(of_rows(events.WRITE_2, *images))
    window.take(of_rows(events.WRITE_2, *images, table=71))  # another table
    packed = (
        described(names=False),
        of_rows(events.UPDATE_2, images[1], row(1, None, "x")),
        of_rows(events.DELETE_2, images[3]),
    )
    plain = b"".join(events.HEAD.pack(1, one.kind, 1, 19 + len(one.body), 0, 0) + one.body for one in packed)
    squeezed = bytes(pa.compress(plain, codec="zstd", asbytes=True))
    numbers = bytes([2, 1, 0]) + bytes([3, 3, 0xFC]) + struct.pack("<H", len(plain)) + b"\0"
    for one in inner_events(numbers + squeezed, HERE):
        window.take(one)
    assert window.settle(again) == 2
    # A document is read once more; the row that is no longer there then is gone.
    assert sorted(key for keys in asked for key in keys) == [0, 1, 2]
    there = [one["id"] for batch in window.there() for one in batch.to_pylist()]
    gone = [one["id"] for batch in window.gone() for one in batch.to_pylist()]
    assert (sorted(there), sorted(gone), window.changes) == ([0, 1], [2, 3], 6)
    kept = pa.ipc.open_file(str(window._gone.file)).get_batch(0).to_pylist()
    assert [one["price"] for one in kept] == [prices[1]]
    assert kept[0]["at"] == dt.datetime(2026, 1, 31, 8, 5, 9, 123_000)  # noqa: DTZ001
    assert kept[0]["name"] == "名" * 20


def test_bytes_that_are_cut_off_are_never_taken_for_rows(window: RowsWindow) -> None:
    whole = of_rows(events.WRITE_2, row(1, Decimal("5.000"), "甲"), row(2, None, "乙"))
    first = len(row(1, Decimal("5.000"), "甲"))

    def decoded(event: Event) -> None:
        window.take(event)
        window.flush()
        window._wait()

    window.take(described())
    for size in range(10, len(whole.body)):
        if size in {12, 12 + first}:
            continue  # no row, or just one: what is missing is found by the length of the event and its checksum
        with pytest.raises(UnreadableError):
            decoded(whole._replace(body=whole.body[:size]))
        window._batch.clear()
    for size in range(8, len(described().body) - 40):
        with pytest.raises(UnreadableError):
            events.shape_of(described().body[:size], events.named_table(described().body[:size])[2])


def test_decimals_of_any_length_keep_every_digit() -> None:
    dice = random.Random(7)
    for _ in range(60):
        precision = dice.randint(1, 65)
        scale = dice.randint(0, min(precision, 30))
        numbers = [dice.choice([-1, 1]) * dice.randrange(10 ** dice.randint(1, precision)) for _ in range(9)]
        exact = [Decimal(number).scaleb(-scale, Context(prec=70)) for number in numbers]
        raw = [b"\0" + packed_decimal(value, precision, scale) for value in exact]
        shape = events.Shape(bytes([246]), (precision << 8 | scale,), ())
        data = np.frombuffer(b"".join(raw), dtype=np.uint8)
        found = cut(data, (np.array([0]), np.array([data.size])), shape, [b"\1"], [0])[0]
        kind = f"decimal({precision},{scale})"
        mapping = mapping_of(CatalogColumn("n", kind))
        assert mapping is not None
        logged = values.Logged(PlannedColumn("n", kind, mapping), 246, precision << 8 | scale)
        made, unsure = values.array(data, found.cells[0], logged)
        assert [Decimal(str(value)) for value in made.to_pylist()] == exact
        assert not unsure.any()


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("TRUNCATE TABLE `house`.`person`", "emptied"),
        ("truncate person", "emptied"),
        ("TRUNCATE other", "nothing"),
        ("TRUNCATE archive.person", "nothing"),
        ("ALTER TABLE person ADD INDEX x (name), ENGINE=InnoDB, COMMENT='ADD COLUMN id, MODIFY'", "nothing"),
        ("ALTER TABLE person ADD COLUMN note VARCHAR(10) DEFAULT 'a,b' -- FIRST", "nothing"),
        ("ALTER TABLE person ADD note INT AFTER `id`", "places"),
        ("ALTER TABLE person DROP COLUMN note", "places"),
        ("ALTER TABLE person DROP COLUMN name, ADD COLUMN name INT DEFAULT 7", "altered"),
        ("ALTER TABLE person MODIFY note INT", "nothing"),
        ("ALTER TABLE person CHANGE note `name` INT", "altered"),
        ("ALTER TABLE person CONVERT TO CHARACTER SET gbk", "altered"),
        ("ALTER TABLE person DROP PARTITION p0", "altered"),
        ("ALTER TABLE person ADD FOREIGN KEY (id) REFERENCES x (id) ON DELETE CASCADE", "altered"),
        ("ALTER TABLE archive EXCHANGE PARTITION p WITH TABLE house.person", "altered"),
        ("ALTER TABLE archive MODIFY name INT", "nothing"),
        ("/*!40000 ALTER TABLE `person` ENABLE KEYS */", "nothing"),
        ("RENAME TABLE _person_new TO person", "altered"),
        ("CREATE OR REPLACE TABLE person (id INT)", "altered"),
        ("CREATE TABLE copy LIKE person", "nothing"),
        ("CREATE TEMPORARY TABLE person (id INT)", "nothing"),
        ("CREATE VIEW seen AS SELECT * FROM person", "nothing"),
        ("DROP TABLE IF EXISTS `other`, `person`", "altered"),
        ("DROP DATABASE house", "altered"),
        ("# note\nINSERT INTO other VALUES ('person')", "statement"),
        ("DELETE FROM `house`.`cache`", "nothing"),
        ("DELETE FROM house.cache WHERE id = 1", "statement"),
        ("SAVEPOINT a", "nothing"),
        ("ROLLBACK TO a", "rollback"),
        ("SOMETHING NEW person", "altered"),
    ],
)
def test_a_statement_is_judged_by_what_it_does_to_the_table(text: str, means: str) -> None:
    followed = Followed("house", "person", ("id", "name"))
    assert meaning(text, "house", followed) == means
    assert "'" not in statements.told(text)


def test_what_the_log_cannot_tell_ends_the_window(window: RowsWindow) -> None:
    window.take(described(names=False))
    with pytest.raises(TableAlteredError):
        window.take(said("ALTER TABLE person DROP COLUMN note"))  # whose places are not named
    with pytest.raises(StatementLoggedError):
        window.take(said("UPDATE other SET a = 1"))
    with pytest.raises(TableAlteredError):
        window.take(Event(events.INCIDENT, b"\1\0", HERE))
    window.take(said("BEGIN"))
    window.take(of_rows(events.WRITE_2, row(1, None, "x")))
    with pytest.raises(TableAlteredError):
        window.take(said("ROLLBACK"))
    xid = struct.pack("<?III", False, 1, 3, 2) + b"onebr"
    window.take(said("XA START X'6f6e65',X'6272',1"))
    window.take(of_rows(events.DELETE_2, row(1, None, "x")))
    window.take(Event(events.XA_PREPARE, xid, HERE))
    with pytest.raises(UndecidedError):
        window.end()
    window.take(said("XA COMMIT X'6f6e65',X'6272',1"))
    window.end()


def test_a_place_goes_on_behind_four_gigabytes_and_a_broken_event_is_named() -> None:
    dump = LogDump(None, SourceConfig("housing", "mysql", ORGANISATION), lambda: None)
    dump.place, dump._crc = Place.of("bin.000007", (1 << 32) - 10), 4

    def packet(ends: int, *, broken: bool = False) -> bytes:
        event = events.HEAD.pack(1, 16, 1, 19 + 8 + 4, ends, 0) + b"xid12345"
        crc = zlib.crc32(event) ^ broken
        return b"\0" + event + crc.to_bytes(4, "little")

    event = dump._event(packet(21))
    assert event is not None
    assert (event.ends.offset, event.body) == ((1 << 32) + 21, b"xid12345")
    assert Place.read(str(event.ends)) == event.ends > HERE
    with pytest.raises(UnreadableError):
        dump._event(packet(99, broken=True))
    with pytest.raises(UnreadableError):
        dump._event(packet(99)[:-1])
