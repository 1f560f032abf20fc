"""Rows of a MySQL answer cut into fields whole blocks at a time, past PyMySQL, which makes an object of every value.

In the text protocol a row is a packet, and a packet tells its length only in front. So every row is asked to begin with
a value nobody can guess, made for this answer: where it stands a row begins. That each row ends where the next begins
is checked as well, and each field inside of it, so what is taken for rows is the answer and nothing else.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pymysql
from pymysql.connections import MySQLResult
from pymysql.constants import COMMAND, CR

from jutong.node.exchange.pgcopy.cutting import PAD, Bytes, Cells, Places

BLOCK_BYTES = 4 * 1024 * 1024
READ_BYTES = 1024 * 1024
_HEAD = 4
"""Length and number of a packet."""

_MARK = 8
_FULL = 0xFFFFFF
"""The length of a packet that the next one goes on with."""

_NULL, _TWO, _THREE, _EIGHT = 0xFB, 0xFC, 0xFD, 0xFE
_END, _ERROR = 0xFE, 0xFF
_SHORT = 9
_WIDTHS = ((_TWO, 2), (_THREE, 3), (_EIGHT, 8))


@dataclass(frozen=True)
class Block:
    """Rows: their bytes, and where the values of each column lie in them."""

    data: Bytes
    rows: int
    cells: tuple[Cells, ...]


class Answer:
    """The answer to one SELECT. Unless it is read to its end, the connection is closed.

    Args:
        connection: with no answer under way.
        columns: how many are selected.
        block_bytes: how much to gather before it is cut.
    """

    def __init__(self, connection: Any, columns: int, block_bytes: int = BLOCK_BYTES) -> None:
        self._connection = connection
        self._columns = columns
        self._block_bytes = block_bytes
        self._mark = b"\xff" + secrets.token_bytes(_MARK - 1)
        self._rest = bytearray()
        self._over = False

    def blocks(self, columns: str, behind: str) -> Iterator[Block]:
        """Ask, and yield all rows.

        Args:
            columns: what is selected, as SQL.
            behind: the rest of the statement.

        Raises:
            pymysql.err.Error, OSError: as the server or the network says.
        """
        # Nothing of a connection tells of an answer that is read by somebody else.
        connection = self._connection
        connection._execute_command(COMMAND.COM_QUERY, f"SELECT 0x{self._mark.hex()}, {columns} {behind}")  # noqa: SLF001
        result = MySQLResult(connection)
        result.init_unbuffered_query()
        result.unbuffered_active = False  # nobody else reads it to its end
        try:
            while not self._over:
                self._gather()
                yield from self._cut()
        finally:
            if not self._over:
                connection._force_close()  # noqa: SLF001 - what is still to come would answer the next question

    def _gather(self) -> None:
        """Read until there is enough, or what came last is no row. Behind every row there is always more to come."""
        self._read()
        while len(self._rest) < self._block_bytes and not self._may_be_over():
            self._read()

    def _read(self) -> None:
        read = self._connection._rfile.read1(READ_BYTES)  # noqa: SLF001
        if not read:
            raise pymysql.err.OperationalError(CR.CR_SERVER_LOST, "the answer broke off")
        self._rest += read

    def _may_be_over(self) -> bool:
        """Tell whether another packet than a row has begun behind the last row."""
        marked = self._rest.rfind(self._mark)
        start = marked - _HEAD - 1 if marked >= 0 else 0
        at = start + (_HEAD + int.from_bytes(self._rest[start : start + 3], "little") if marked >= 0 else 0)
        return len(self._rest) > at + _HEAD and self._rest[at + _HEAD] != _MARK

    def _cut(self) -> Iterator[Block]:
        size = len(self._rest)
        data = np.zeros(size + PAD, dtype=np.uint8)
        data[:size] = np.frombuffer(self._rest, dtype=np.uint8)
        starts, ends = self._found(data, size)
        if starts.size:
            self._rest = self._rest[int(ends[-1]) :]
            yield Block(data, starts.size, self._walk(data, starts, ends))
        if len(self._rest) > _HEAD:
            yield from self._other()

    def _found(self, data: Bytes, size: int) -> tuple[Places, Places]:
        """Return where the whole rows begin and end."""
        marked = np.flatnonzero(data[:size] == self._mark[0])
        words = np.ndarray((data.size - _MARK + 1,), dtype="<u8", buffer=data.data, strides=(1,))
        starts = marked[words[marked] == np.uint64(int.from_bytes(self._mark, "little"))] - _HEAD - 1
        lengths = np.ndarray((data.size - 3,), dtype="<u4", buffer=data.data, strides=(1,))[starts] & np.uint32(_FULL)
        ends = starts + _HEAD + lengths.astype(np.int64)
        whole = np.cumprod((ends <= size) & (lengths < _FULL)).astype(np.bool_)
        starts, ends = starts[whole], ends[whole]
        if starts.size and (starts[0] != 0 or (starts[1:] != ends[:-1]).any()):
            raise pymysql.err.InterfaceError(0, "no rows")
        return starts, ends

    def _walk(self, data: Bytes, starts: Places, ends: Places) -> tuple[Cells, ...]:
        at, found = starts + (_HEAD + 1 + _MARK), []
        for _ in range(self._columns):
            first = data[np.minimum(at, ends)]
            sizes, at = first.astype(np.int64), at + 1
            if (first >= _NULL).any():
                sizes[first == _NULL] = -1
                for kind, width in _WIDTHS:
                    rows = np.flatnonzero(first == kind)
                    sizes[rows] = sum(
                        data[np.minimum(at[rows] + byte, ends[rows])].astype(np.int64) << (8 * byte)
                        for byte in range(width)
                    )
                    at[rows] += width
            found.append(Cells(at, sizes.astype(np.int32)))
            at = at + np.maximum(sizes, 0)
        if (at != ends).any():
            raise pymysql.err.InterfaceError(0, "no fields")
        return tuple(found)

    def _other(self) -> Iterator[Block]:
        """Look at what is no usual row: the end, an error, or a row too long for one packet."""
        length, first = int.from_bytes(self._rest[:3], "little"), self._rest[_HEAD]
        if length == _FULL:
            yield self._long()
            yield from self._cut()
        elif len(self._rest) >= _HEAD + length and first == _ERROR:
            pymysql.err.raise_mysql_exception(bytes(self._rest[_HEAD : _HEAD + length]))
        elif len(self._rest) >= _HEAD + length and first != _MARK:
            if len(self._rest) != _HEAD + length or first != _END or length >= _SHORT:
                raise pymysql.err.InterfaceError(0, "no rows")
            self._over = True

    def _long(self) -> Block:
        content, length = b"", _FULL
        while length == _FULL:
            length = int.from_bytes(self._exactly(_HEAD)[:3], "little")
            content += self._exactly(length)
        if content[1 : 1 + _MARK] != self._mark:
            raise pymysql.err.InterfaceError(0, "no rows")
        data = np.zeros(_HEAD + len(content) + PAD, dtype=np.uint8)
        data[_HEAD : _HEAD + len(content)] = np.frombuffer(content, dtype=np.uint8)
        starts: Places = np.zeros(1, dtype=np.int64)
        return Block(data, 1, self._walk(data, starts, starts + _HEAD + len(content)))

    def _exactly(self, size: int) -> bytes:
        while len(self._rest) < size:
            self._read()
        taken, self._rest = bytes(self._rest[:size]), self._rest[size:]
        return taken
