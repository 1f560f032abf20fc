"""Names of items that are written differently and mean one thing, and names that mean nothing by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from jutong.standards.shipped import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ItemWords:
    """The shipped list, read once."""

    version: int
    trivial: frozenset[str]
    """Names every table has, such as 序号 and 备注: nobody is their source."""
    contextual: frozenset[str]
    """Names that mean something only with what they are about, such as 名称 and 面积."""
    matters: tuple[str, ...]
    """Beginnings of the codes of data elements that say something of a matter and not of a person or thing.

    Two fines are two facts, whoever imposed them; a date of birth is one, whoever writes it down.
    """
    synonyms: Mapping[str, str]
    """Another spelling to the one name that stands for all."""

    def one_name(self, name: str) -> str:
        """Return the name that stands for all spellings of ``name``, itself where there is none."""
        return self.synonyms.get(name, name)

    def spellings(self, name: str) -> tuple[str, ...]:
        """Return every spelling of what ``name`` names, itself included."""
        one = self.one_name(name)
        return (one, *(other for other, stands in self.synonyms.items() if stands == one and other != one))


@lru_cache(maxsize=1)
def item_words() -> ItemWords:
    """Return the shipped words."""
    found = read_json("item_words.json")
    synonyms = {name: group[0] for group in found["synonyms"] for name in group}
    return ItemWords(
        found["version"],
        frozenset(found["trivial"]),
        frozenset(found["contextual"]),
        tuple(found["matters"]),
        MappingProxyType(synonyms),
    )
