"""The protocol's bytes, written out after its manual; what a server sends is read in the integration tests."""

from __future__ import annotations

import struct

import pytest

from jutong.node.exchange.changes import pgoutput
from jutong.node.exchange.changes.pgoutput import Cells, Decoded, UnreadableError
from jutong.node.exchange.changes.stream import to_number, to_text

NUMBER = 16_390


def tuple_of(*values: str | bytes | None) -> bytes:
    """Write a row: a text, None for null, ``b"u"`` for what is not told."""
    parts = [
        b"n" if value is None else value if isinstance(value, bytes) else b"t" + struct.pack(">I", len(said)) + said
        for value in values
        for said in [value.encode() if isinstance(value, str) else b""]
    ]
    return struct.pack(">h", len(values)) + b"".join(parts)


def message(letter: str, *parts: bytes) -> bytes:
    return letter.encode() + struct.pack(">I", NUMBER) + b"".join(parts)


def read(decoded: Decoded, columns: tuple[Cells, ...]) -> list[tuple[str | None, ...]]:
    def value(cells: Cells, row: int) -> str | None:
        kind, start = chr(cells.kinds[row]), cells.starts[row]
        text = bytes(decoded.data[start : start + cells.sizes[row]]).decode()
        return {"n": None, "u": "(not told)"}.get(kind, text)

    return [tuple(value(cells, row) for cells in columns) for row in range(columns[0].kinds.size)]


def test_rows_of_many_messages_are_cut_together() -> None:
    messages = [
        message("I", b"N", tuple_of("1", "张三", None)),
        message("U", b"N", tuple_of("1", b"u", "")),
        message("U", b"K", tuple_of("1", None, None), b"N", tuple_of("2", b"u", "x")),
        message("U", b"O", tuple_of("2", "old", "x"), b"N", tuple_of("2", b"u", None)),
        message("D", b"K", tuple_of("2", None, None)),
        message("D", b"O", tuple_of("3", "was", "here")),
    ]
    decoded = pgoutput.decode(messages, 3)
    # What is not told is taken from an old row that is whole, never from one that is only a key.
    assert dict(zip(decoded.there.messages.tolist(), read(decoded, decoded.there.columns), strict=True)) == {
        0: ("1", "张三", None), 1: ("1", "(not told)", ""), 2: ("2", "(not told)", "x"), 3: ("2", "old", None),
    }  # fmt: skip
    assert dict(zip(decoded.gone.messages.tolist(), read(decoded, decoded.gone.columns), strict=True)) == {
        2: ("1", None, None), 3: ("2", "old", "x"), 4: ("2", None, None), 5: ("3", "was", "here"),
    }  # fmt: skip


def test_what_is_no_row_is_read() -> None:
    sent = bytes.fromhex("52000040066369766900706572736f6e006400020169640000000017ffffffff006e6f74650000000019ffffffff")
    found = pgoutput.relation(sent)
    assert (found.number, found.schema_name, found.table) == (NUMBER, "civi", "person")
    assert (found.identity, found.columns) == ("d", ("id", "note"))
    assert pgoutput.truncated(b"T" + struct.pack(">IBII", 2, 0, NUMBER, 7)) == (NUMBER, 7)
    assert pgoutput.committed_at(b"B" + struct.pack(">QQI", to_number("1A/2B3C"), 0, 9)) == 0x1A00002B3C
    assert to_text(to_number("FFFFFFFF/1")) == "FFFFFFFF/1"


def test_bytes_that_are_not_the_protocol_are_refused() -> None:
    whole = message("I", b"N", tuple_of("1", "two"))
    for spoilt in (
        whole[:-1], whole + b"x", whole[:6] + b"\0\7" + whole[8:], whole.replace(b"t", b"?"),
        message("X", b"N", tuple_of("1", "two")), message("D", b"N", tuple_of("1", "two")),
        message("I", b"O", tuple_of("1", "two")), message("U", b"O", tuple_of("1", "two")),
        message("I", b"N", b"\0\2t\xff\xff\xff\xff1"),
    ):  # fmt: skip
        for messages in ([spoilt], [whole, spoilt], [spoilt, whole]):
            with pytest.raises(UnreadableError):
                pgoutput.decode(messages, 2)
    for spoilt in (b"R\0\0", message("R", b"public"), message("R", b"public\0t\0d\0\2\0id\0")):
        with pytest.raises(UnreadableError):
            pgoutput.relation(spoilt)
    with pytest.raises(UnreadableError):
        pgoutput.truncated(b"T" + struct.pack(">IBI", 2, 0, NUMBER))
