"""Events of a row log: what they are, where they end, and what they say of a table.

Numbers are little-endian. A header of 19 bytes stands before every event, and a checksum of 4 behind it where the
server writes one.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import NamedTuple

QUERY, ROTATE, FORMAT, TABLE_MAP, INCIDENT, XA_PREPARE = 2, 4, 15, 19, 26, 38
WRITE_1, UPDATE_1, DELETE_1, WRITE_2, UPDATE_2, DELETE_2, PARTIAL_UPDATE = 23, 24, 25, 30, 31, 32, 39
PAYLOAD = 40
MARIA_GTID, QUERY_COMPRESSED = 162, 165
WRITE_C1, UPDATE_C1, DELETE_C1, WRITE_C2, UPDATE_C2, DELETE_C2 = 166, 167, 168, 169, 170, 171
INSERT, UPDATE, DELETE = "insert", "update", "delete"
_ROWS = (
    (INSERT, (WRITE_1, WRITE_2, WRITE_C1, WRITE_C2)),
    (UPDATE, (UPDATE_1, UPDATE_2, UPDATE_C1, UPDATE_C2)),
    (DELETE, (DELETE_1, DELETE_2, DELETE_C1, DELETE_C2)),
)
ROWS = {
    kind: (happened, kind in {second, packed_second}, kind in {packed, packed_second})
    for happened, (first, second, packed, packed_second) in _ROWS
    for kind in (first, second, packed, packed_second)
}
"""Events of rows: what happened, whether the head has a part of its own length, whether the rows are compressed."""

HEAD = struct.Struct("<IBIIIH")
"""When, what, which server, how long, where the next begins, flags."""

_COLUMN_NAMES = 4
_NO_META, _ONE, _TWO = 0, 1, 2
_META = {
    **dict.fromkeys((0, 1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 14), _NO_META),
    **dict.fromkeys((4, 5, 17, 18, 19, 140, 242, 245, 249, 250, 251, 252, 255), _ONE),
    **dict.fromkeys((15, 16, 141, 246, 247, 248, 253, 254), _TWO),
}
"""How many bytes more a table's description has of a type."""

_FILE = re.compile(r"(.+)\.([0-9]+)")
PREPARED_XA = 64
"""Flag of a MariaDB transaction that is only prepared when it is logged."""


class UnreadableError(Exception):
    """The bytes are not what the protocol says."""


class Place(NamedTuple):
    """Where an event begins: the number of a log file, and a distance in it; files of one server go by number."""

    number: int
    offset: int
    file: str

    @classmethod
    def of(cls, file: str, offset: int) -> Place:
        """Make one of a file's name.

        Raises:
            ValueError: for a name that is none of a log.
        """
        found = _FILE.fullmatch(file)
        if found is None:
            raise ValueError(file)
        return cls(int(found[2]), offset, file)

    @classmethod
    def read(cls, text: str) -> Place:
        """Read what ``str`` wrote.

        Raises:
            ValueError: for any other text.
        """
        file, colon, offset = text.rpartition(":")
        if not colon:
            raise ValueError(text)
        return cls.of(file, int(offset))

    def __str__(self) -> str:
        return f"{self.file}:{self.offset}"


class Event(NamedTuple):
    """An event without head and checksum; ``ends`` is where the next begins."""

    kind: int
    body: bytes
    ends: Place


@dataclass(frozen=True)
class Shape:
    """Columns as the log describes them before rows of them; ``names`` only where the server logs them."""

    types: bytes
    metas: tuple[int, ...]
    names: tuple[str, ...]


def named_table(body: bytes) -> tuple[str, str, int]:
    """Return schema and table of a description, and where its columns begin.

    Raises:
        UnreadableError: when it ends too early.
    """
    try:
        size = body[8]
        schema = body[9 : 9 + size].decode()
        begin = 9 + size + 1
        length = body[begin]
        table = body[begin + 1 : begin + 1 + length].decode()
    except (IndexError, UnicodeDecodeError) as error:
        raise UnreadableError("table") from error
    return schema, table, begin + 1 + length + 1


def shape_of(body: bytes, place: int) -> Shape:
    """Return the columns of a description that begin at a place.

    Raises:
        UnreadableError: when it ends too early, or has a type that is not known.
    """
    try:
        count, place = number_at(body, place)
        types = body[place : place + count]
        length, place = number_at(body, place + count)
        metas, end = [], place + length
        for kind in types:
            width = _META[kind]
            # Two bytes of a text's or number's type stand the other way round than a length does.
            order = "big" if kind in {246, 247, 248, 254} else "little"
            metas.append(int.from_bytes(body[place : place + width], order))  # type: ignore[arg-type]
            place += width
        if place != end or len(types) != count:
            raise UnreadableError("columns")
        names = _names(body, end + (count + 7) // 8)
    except (IndexError, KeyError, UnicodeDecodeError) as error:
        raise UnreadableError("columns") from error
    if names and len(names) != count:
        raise UnreadableError("columns")
    return Shape(types, tuple(metas), names)


def _names(body: bytes, place: int) -> tuple[str, ...]:
    while place < len(body):
        kind = body[place]
        size, place = number_at(body, place + 1)
        if kind == _COLUMN_NAMES:
            found, end = [], place + size
            while place < end:
                length, place = number_at(body, place)
                found.append(body[place : place + length].decode())
                place += length
            return tuple(found)
        place += size
    return ()


def number_at(body: bytes, place: int) -> tuple[int, int]:
    """Read a number of one to nine bytes, as the protocol packs it; return it and where it ends.

    Raises:
        IndexError: behind the end.
    """
    first = body[place]
    if first < 0xFB:  # noqa: PLR2004 - greater ones say how many bytes follow
        return first, place + 1
    width = {0xFC: 2, 0xFD: 3, 0xFE: 8}[first]
    if place + 1 + width > len(body):
        raise IndexError(place)
    return int.from_bytes(body[place + 1 : place + 1 + width], "little"), place + 1 + width


class Query(NamedTuple):
    """A statement that was logged as one, in the bytes the client sent; ``charset`` is the number of their charset."""

    schema: str
    text: bytes
    charset: int


_CHARSET, _FLAGS_2, _SQL_MODE, _CATALOG, _AUTO = 4, 0, 1, 6, 3
_STATUS_WIDTH = {_FLAGS_2: 4, _SQL_MODE: 8, _AUTO: 4}


def query_of(body: bytes) -> Query:
    """Read a logged statement.

    Raises:
        UnreadableError: when it ends too early.
    """
    try:
        size, status = body[8], int.from_bytes(body[11:13], "little")
        begin = 13 + status
        charset = _charset(body[13:begin])
        schema = body[begin : begin + size].decode()
    except (IndexError, UnicodeDecodeError) as error:
        raise UnreadableError("query") from error
    return Query(schema, body[begin + size + 1 :], charset)


def _charset(status: bytes) -> int:
    """Return the number of the client's charset; 0 where it does not stand among the first parts."""
    place = 0
    while place < len(status):
        kind = status[place]
        if kind == _CHARSET:
            return int.from_bytes(status[place + 1 : place + 3], "little")
        if kind == _CATALOG:
            place += 2 + status[place + 1]
        elif kind in _STATUS_WIDTH:
            place += 1 + _STATUS_WIDTH[kind]
        else:
            return 0
    return 0


class RowsHead(NamedTuple):
    """What stands before the rows of an event: its table, and which columns the rows have (before, after)."""

    present: bytes
    present_after: bytes
    begins: int
    columns: int


def table_of(body: bytes) -> int:
    """Return the number of the table that an event of rows, or a description, is about."""
    return int.from_bytes(body[:6], "little")


def head_of(body: bytes, happened: str, *, extra: bool) -> RowsHead:
    """Read what stands before the rows.

    Raises:
        UnreadableError: when it ends too early.
    """
    try:
        place = 8 + (int.from_bytes(body[8:10], "little") if extra else 0)
        columns, place = number_at(body, place)
    except (IndexError, KeyError) as error:
        raise UnreadableError("rows") from error
    width = (columns + 7) // 8
    present = body[place : place + width]
    place += width
    after = present
    if happened == UPDATE:
        after = body[place : place + width]
        place += width
    if place > len(body):
        raise UnreadableError("rows")
    return RowsHead(present, after, place, columns)


def prepared_xid(body: bytes) -> tuple[str, bool]:
    """Return the id of a prepared distributed transaction as statements write it, and whether it is committed at once.

    Raises:
        UnreadableError: when it ends too early.
    """
    try:
        once, form, first, second = struct.unpack_from("<?III", body)
    except struct.error as error:
        raise UnreadableError("xa") from error
    one, other = body[13 : 13 + first], body[13 + first : 13 + first + second]
    return f"X'{one.hex()}',X'{other.hex()}',{form}", once
