"""Charsets of columns: which characters we and the server read alike, as the server itself says.

A character is believed only when the server was asked for it; a text with any other is read once more from the table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from jutong.node.exchange.changes.row_log.images import Flags
from jutong.node.exchange.plan import Array

PLAIN = frozenset(("utf8", "utf8mb3", "utf8mb4", "ascii"))
_CODECS = {"gbk": "gbk", "gb2312": "gb2312", "gb18030": "gb18030", "big5": "big5", "latin1": "cp1252"}
_MARK = 0x0A
"""Stands between the characters that are asked for; no other character of these charsets has it in it."""


@dataclass(frozen=True)
class Charset:
    """A charset. ``plain`` ones are UTF-8 as it is; of others ``agreed`` are the characters that may be believed."""

    name: str = ""
    plain: bool = False
    codec: str = ""
    agreed: frozenset[str] = field(default_factory=frozenset)

    def read(self, values: Sequence[bytes | None]) -> tuple[Array, Flags]:
        """Return texts, and which of them are left open."""
        texts: list[str | None] = []
        unsure = np.zeros(len(values), dtype=np.bool_)
        for place, value in enumerate(values):
            text = self._text(value) if value is not None else None
            unsure[place] = value is not None and text is None
            texts.append(text)
        return pa.array(texts, pa.string()), unsure

    def _text(self, value: bytes) -> str | None:
        if not self.codec:
            return None
        try:
            text = value.decode(self.codec)
        except UnicodeDecodeError:
            return None
        return text if self.agreed.issuperset(text) else None


def charset(name: str, ask: Callable[[str], str]) -> Charset:
    """Return a charset of a server.

    Args:
        name: as the server calls it.
        ask: runs a statement and returns its one value.
    """
    if name in PLAIN:
        return Charset(name, plain=True)
    codec = _CODECS.get(name, "")
    if not codec:
        return Charset(name)
    codes = _codes(codec)
    joined = bytes([_MARK]).join(code for code, _ in codes)
    found = ask(f"SELECT CONVERT(CONVERT(X'{joined.hex()}' USING {name}) USING utf8mb4)").split("\n")
    if len(found) != len(codes):
        return Charset(name)
    agreed = {ours for (_, ours), theirs in zip(codes, found, strict=True) if ours == theirs}
    return Charset(name, codec=codec, agreed=frozenset(agreed | {"\n"}))


def _codes(codec: str) -> list[tuple[bytes, str]]:
    """Return every character of one or two bytes, as we read it."""
    single = [bytes([one]) for one in range(256) if one != _MARK]
    double = [] if codec == "cp1252" else [bytes((one, two)) for one in range(0x81, 0xFF) for two in range(0x40, 0xFF)]
    found = []
    for code in (*single, *double):
        try:
            text = code.decode(codec)
        except UnicodeDecodeError:
            continue
        if len(text) == 1:
            found.append((code, text))
    return found
