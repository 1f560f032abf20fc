"""The fields of the index and what one entry is in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import tantivy

from jutong.center.catalog.index import streams
from jutong.standards.search_words import search_words

VERSION: Final = 1
"""Counts up when fields or terms change; an index of another edition is made anew."""
PLACES: Final = ("name", "item", "text")
"""Where words are looked for: the title, the items' names, everything an entry says. Each has three fields."""
FACETS: Final = (
    "share_attribute",
    "organisation",
    "level",
    "domain",
    "form",
    "cycle",
    "grade",
    "quality",
    "open",
    "bound",
)
EVERYBODY: Final = "departments"
PUBLIC: Final = "public"
"""Scopes: what everyone who reads the catalog may find, and what is open to all."""
CURSOR_ID: Final = "cursor"
_LARGEST_USE: Final = (1 << 18) - 1
_CODE_SYMBOLS: Final = "0123456789/"
_CODE_LENGTH: Final = 12
_CODE_BITS: Final = 44


def edition() -> str:
    """Return the name of the form this program reads and writes."""
    return f"{VERSION}-{search_words().edition}"


@dataclass(frozen=True, slots=True)
class Card:
    """What the index knows of one published entry. Names and texts are normalised."""

    id: str
    code: str
    name: str
    items: str
    text: str
    facets: Mapping[str, str] = field(default_factory=dict)
    is_open: bool = False
    is_bound: bool = False
    use_count: int = 0

    @property
    def order(self) -> int:
        """The place among equals: what has data first, then what is used most, then by code. More comes first."""
        return self.is_bound << 62 | min(self.use_count, _LARGEST_USE) << _CODE_BITS | _before(self.code)

    @property
    def print(self) -> int:
        """A number that changes with anything the index would say differently; 63 bits."""
        told = (self.code, self.name, self.items, self.text, sorted(self.facets.items()), self.is_open, self.order)
        return int.from_bytes(hashlib.blake2b(repr(told).encode(), digest_size=8).digest()) >> 1


def _before(code: str) -> int:
    """Return a number that falls as codes rise, for the codes of this platform."""
    base = len(_CODE_SYMBOLS) + 1
    value = 0
    for at in range(_CODE_LENGTH):
        symbol = _CODE_SYMBOLS.find(code[at]) + 1 if at < len(code) else 0
        value = value * base + symbol
    return (1 << _CODE_BITS) - 1 - value


@lru_cache(maxsize=1)
def schema() -> tantivy.Schema:
    """Return the fields."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    builder.add_text_field("scope", tokenizer_name="raw", index_option="basic")
    builder.add_text_field("whole", tokenizer_name="raw", index_option="basic")
    for place in PLACES:
        builder.add_text_field(f"{place}_pairs", tokenizer_name="whitespace", index_option="position")
        builder.add_text_field(f"{place}_chars", tokenizer_name="whitespace", index_option="basic")
        builder.add_text_field(f"{place}_words", tokenizer_name="whitespace", index_option="basic")
    builder.add_text_field("name_initials", tokenizer_name="whitespace", index_option="position")
    builder.add_text_field("name_syllables", tokenizer_name="whitespace", index_option="position")
    for name in FACETS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_unsigned_field("order", fast=True)
    builder.add_unsigned_field("print", fast=True)
    builder.add_unsigned_field("cursor", stored=True)
    return builder.build()


def register(index: tantivy.Index) -> tantivy.Index:
    """Teach an opened index to cut texts at blanks; everything else was done before."""
    blanks = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer("whitespace", blanks)
    return index


def document(card: Card) -> tantivy.Document:
    """Return an entry as the index takes it."""
    made = tantivy.Document()
    for name, text in _texts(card):
        made.add_text(name, text)
    made.add_unsigned("order", card.order)
    made.add_unsigned("print", card.print)
    return made


def _texts(card: Card) -> Iterator[tuple[str, str]]:
    yield "id", card.id
    yield "scope", EVERYBODY
    if card.is_open:
        yield "scope", PUBLIC
    yield "whole", card.name
    for place, text in zip(PLACES, (card.name, card.items, card.text), strict=True):
        yield f"{place}_pairs", streams.pairs(text)
        yield f"{place}_chars", streams.characters(text, starts=place == "name")
        yield f"{place}_words", streams.dictionary_words(text)
    yield "name_initials", streams.initials(card.name)
    yield "name_syllables", streams.syllables(card.name)
    for name in FACETS:
        if value := card.facets.get(name, ""):
            yield name, value


def cursor_document(sequence: int) -> tantivy.Document:
    """Return the note, committed with the entries, of how far the change feed was read."""
    made = tantivy.Document()
    made.add_text("id", CURSOR_ID)
    made.add_unsigned("cursor", sequence)
    return made
