"""What a statement in a row log means for the rows of one table.

Rows are logged one by one; statements in between are mostly about tables. One that may have changed rows of the
followed table, or which column stands where, without saying so row by row ends the job: nothing is guessed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Meaning = Literal["nothing", "emptied", "places", "altered", "statement", "rollback"]
"""``places``: columns may stand elsewhere from now on, and nothing else happened."""

_TOKEN = re.compile(
    r"""/\*!\d*|/\*M!\d*|\*/|/\*.*?\*/|--[\s].*?(?:\n|$)|\#.*?(?:\n|$)
        |`(?:[^`]|``)*`|"(?:[^"\\]|""|\\.)*"|'(?:[^'\\]|''|\\.)*'|[\w$]+|\S""",
    re.VERBOSE | re.DOTALL,
)
_COMMENT = ("/*", "*/", "--", "#")
_ROWS = {"insert", "update", "delete", "replace", "load", "with", "merge"}
_HARMLESS = {
    "begin", "commit", "savepoint", "release", "grant", "revoke", "analyze", "flush", "set", "use", "start", "xa",
    "optimize", "check", "comment",
}  # fmt: skip
_OF_INDEX = {
    "index", "key", "unique", "fulltext", "spatial", "primary", "constraint", "foreign", "check", "partition",
    "vector",
}  # fmt: skip
_SETTINGS = {
    "comment", "engine", "auto_increment", "algorithm", "lock", "force", "order", "row_format", "stats_persistent",
    "stats_auto_recalc", "stats_sample_pages", "key_block_size", "compression", "page_compressed", "wait", "nowait",
    "disable", "enable", "max_rows", "min_rows", "avg_row_length", "default", "character", "charset", "collate",
}  # fmt: skip


@dataclass(frozen=True)
class Followed:
    """The table that is followed, and which of its columns are moved."""

    schema: str
    table: str
    columns: Collection[str]


def meaning(text: str, schema: str, followed: Followed) -> Meaning:
    """Return what a logged statement means for a table.

    Args:
        text: the statement.
        schema: the one that names without a schema are in.
        followed: the table.
    """
    tokens = list(_tokens(text))
    words = [token.lower() for token in tokens]
    verb = words[0] if words else "set"
    reader = _Reader(tokens, words, schema.lower(), followed)
    if verb == "rollback":
        return "rollback"
    if verb in _ROWS:
        return reader.changes_rows()
    if verb == "truncate":
        return reader.empties()
    if verb == "alter":
        return reader.alters()
    if verb in {"create", "drop", "rename"}:
        return reader.makes()
    return "nothing" if verb in _HARMLESS or not reader.mentioned() else "altered"


def told(text: str) -> str:
    """Return the first words of a statement, without any value: enough to find it by."""
    words = [token.upper() for token in _tokens(text) if token.isascii() and token.isalpha()]
    return " ".join(words[:2])[:40] or "?"


def _tokens(text: str) -> Iterator[str]:
    for found in _TOKEN.finditer(text):
        if not found[0].startswith(_COMMENT):
            yield found[0]


def _plain(token: str) -> str:
    quote = token[:1]
    if quote in {"`", '"'} and len(token) > 1:
        return token[1:-1].replace(quote * 2, quote).lower()
    return token.lower()


class _Reader:
    """Reads the words of one statement."""

    def __init__(self, tokens: Sequence[str], words: Sequence[str], schema: str, followed: Followed) -> None:
        self._words = words
        self._names = [_plain(token) for token in tokens]
        self._schema = schema
        self._ours = (followed.schema.lower(), followed.table.lower())
        self._columns = {name.lower() for name in followed.columns}

    def mentioned(self) -> bool:
        """Tell whether the table's name stands anywhere."""
        return any(self._named(place) == self._ours for place in range(len(self._names)))

    def changes_rows(self) -> Meaning:
        # What a session logs as statements may reach the table by a trigger or a cascade, without naming it.
        if self.mentioned() or self._schema == self._ours[0]:
            whole = self._words[:2] == ["delete", "from"] and "where" not in self._words
            # So a server tells that a table in memory was empty when it started.
            return "nothing" if whole and not self.mentioned() else "statement"
        return "nothing"

    def empties(self) -> Meaning:
        place = 2 if self._words[1:2] == ["table"] else 1
        if self._table(place) == self._ours:
            return "emptied"
        return "altered" if self.mentioned() else "nothing"

    def makes(self) -> Meaning:
        words = self._words
        if "temporary" in words[1:4]:
            return "nothing"
        if "database" in words[1:4] or "schema" in words[1:4]:
            return "altered" if words[0] == "drop" and self._ours[0] in self._names else "nothing"
        if "table" not in words[1:4]:
            return "nothing"
        changed = self.mentioned()
        if words[0] == "create":
            place = words.index("table") + 1
            place += 3 if words[place : place + 3] == ["if", "not", "exists"] else 0
            changed = self._table(place) == self._ours
        return "altered" if changed else "nothing"

    def alters(self) -> Meaning:
        if "table" not in self._words[1:4]:
            return "nothing"
        place = self._words.index("table") + 1
        place += 2 if self._words[place : place + 2] == ["if", "exists"] else 0
        if self._table(place) != self._ours:
            return "altered" if self.mentioned() else "nothing"
        place += 3 if self._names[place + 1 : place + 2] == ["."] else 1
        found = {self._clause(begin, end) for begin, end in self._clauses(place)}
        for one in ("altered", "places"):
            if one in found:
                return one
        return "nothing"

    def _clauses(self, place: int) -> Iterator[tuple[int, int]]:
        depth, begin = 0, place
        for at in range(place, len(self._names)):
            token = self._words[at]
            depth += (token == "(") - (token == ")")  # noqa: S105 - a bracket
            if token == "," and depth == 0:  # noqa: S105 - a comma
                yield begin, at
                begin = at + 1
        if begin < len(self._names):
            yield begin, len(self._names)

    def _clause(self, begin: int, end: int) -> Meaning:
        words = self._words[begin:end]
        verb, what = (*words, "", "")[:2]
        if "cascade" in words or ("null" in words and "on" in words):
            return "altered"
        if verb in {"add", "drop"}:
            return self._adds_or_drops(begin, end)
        if verb in {"modify", "change"}:
            return self._column(begin + 1, end, names=1 + (verb == "change"))
        quiet = {"rename": {"index", "key"}, "alter": {"index", "column", "constraint", "check"}}.get(verb)
        harmless = what in quiet if quiet is not None else verb in _SETTINGS
        return "nothing" if harmless else "altered"

    def _adds_or_drops(self, begin: int, end: int) -> Meaning:
        verb, what = (*self._words[begin:end], "")[:2]
        if what in _OF_INDEX and (verb, what) != ("drop", "partition"):
            return "nothing"
        found = self._column(begin + 1, end)
        return "places" if verb == "drop" and found == "nothing" else found

    def _column(self, place: int, end: int, names: int = 1) -> Meaning:
        """Say what it means that a column is added, dropped or made another."""
        words = self._words
        place += words[place : place + 1] == ["column"]
        if words[place : place + 1] == ["("]:
            return "altered"  # several at once: they are not read one by one
        for size in (3, 2):
            if words[place : place + size] in (["if", "not", "exists"], ["if", "exists"]):
                place += size
                break
        if self._columns & set(self._names[place : place + names]) or self._names[place : place + 1] in (
            ["system"],
            ["period"],
            ["partition"],
        ):
            return "altered"
        moved = {"first", "after"} & set(words[place + 1 : end])
        return "places" if moved else "nothing"

    def _table(self, place: int) -> tuple[str, str]:
        if self._names[place + 1 : place + 2] == ["."] and place + 2 < len(self._names):
            return self._names[place], self._names[place + 2]
        return self._schema, self._names[place] if place < len(self._names) else ""

    def _named(self, place: int) -> tuple[str, str]:
        if place >= 2 and self._names[place - 1] == ".":  # noqa: PLR2004 - schema, dot, table
            return self._names[place - 2], self._names[place]
        return self._schema, self._names[place]
