"""How grants at another Jutong node are mapped: under which grant, for what and in whose name a table is asked for.

The mapping is this node's own configuration: the grant was given to an information system of this department, whose
key the node holds. An order names a mapped table and its columns and nothing else.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from jutong.contracts.envelope import Document
from jutong.evidence.checkpoint import parse_keys
from jutong.kernel.keys import Ed25519Verifier

SCHEMA = "jutong"
"""The schema mapped tables stand in."""

MAX_TABLES = 100
MOST_FILTERS = 20
MOST_VALUES = 1_000

Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
Column = Annotated[str, Field(pattern=r"^[^\s,;{}()=\x00]{1,128}$")]
TableName = Annotated[str, Field(pattern=r"^\w[\w-]{0,62}$")]


class PeerFilter(Document):
    """A condition that narrows what is asked for; the grant has to allow it."""

    item: Name
    operator: Literal["eq", "in", "prefix", "ge", "le"]
    values: Annotated[tuple[str, ...], Field(min_length=1, max_length=MOST_VALUES, strict=False)]


class PeerTable(Document):
    """One grant, as a table.

    ``way`` is how the rows come: as one ``file``, or in ``page`` after page for grants that give no files or more rows
    than one holds. ``columns`` from each column to the grant's item; an order asks for the items of its own columns
    and no others. ``official`` and ``case`` stand in the other node's record of every pull. In a file nothing tells
    an empty text from no value: ``empty`` says which of the two it is.
    """

    grant: Name
    purpose: Name
    official: Name
    case: Annotated[str, Field(max_length=200)] = ""
    basis: Annotated[str, Field(max_length=500)] = ""
    way: Literal["file", "page"] = "file"
    columns: Annotated[dict[Column, Name], Field(min_length=1, max_length=300)]
    filters: Annotated[tuple[PeerFilter, ...], Field(max_length=MOST_FILTERS, strict=False)] = ()
    empty: Literal["null", "text"] = "null"
    comment: Annotated[str, Field(max_length=200)] = ""

    @model_validator(mode="after")
    def _fits(self) -> PeerTable:
        if len({name.lower() for name in self.columns}) < len(self.columns):
            raise ValueError("two columns have one name")
        return self


class Peer(Document):
    """The other node, and who we are to it.

    ``key_id`` is what our system's key is registered as, ``key`` the file of the private key. ``node_key`` is the
    other node's public key with its id, ``ID BASE64``, and ``log_keys`` what it publishes for its log: without them no
    answer and no receipt is believed. ``ca`` is the file of the authority behind its certificate.
    """

    key_id: Name
    key: Annotated[str, Field(min_length=1, max_length=500)]
    node_key: Annotated[str, Field(pattern=r"^\S+ [A-Za-z0-9+/=]{44}$")]
    log_keys: Annotated[tuple[str, ...], Field(min_length=1, max_length=10, strict=False)]
    ca: str = ""
    tables: Annotated[dict[TableName, PeerTable], Field(min_length=1, max_length=MAX_TABLES)]

    @property
    def verifier(self) -> Ed25519Verifier:
        """The other node's public key."""
        key_id, _, public = self.node_key.partition(" ")
        return Ed25519Verifier.from_b64(key_id, public)

    @field_validator("log_keys")
    @classmethod
    def _read(cls, keys: tuple[str, ...]) -> tuple[str, ...]:
        parse_keys("".join(f"{key}\n" for key in keys))
        return keys

    @model_validator(mode="after")
    def _fits(self) -> Peer:
        _ = self.verifier
        return self
