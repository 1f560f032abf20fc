"""Grants as the gateway holds them: compiled once when an order arrives, looked up in a dictionary for each call."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from jutong.contracts.orders import CallerKey, GrantOrder
from jutong.node.live.source import PointQuery
from jutong.node.masking import PSEUDONYM, Pseudonyms, rule

GrantState = Literal["active", "suspended", "revoked"]
Probe = Literal["pending", "ready", "failed"]
Mask = Callable[[str], str]

MOST_PLANS = 256
"""Queries kept ready per grant: callers choose the items, so their number must have a bound."""

KEY_BYTES = 32
VERIFY_ROWS = 2
"""Verification needs to see a second row only to know that the key is ambiguous."""


@dataclass(frozen=True, slots=True)
class Column:
    """One item a query may answer: its name, its column, and how it is masked (None: plain)."""

    item: str
    column: str
    mask: Mask | None


@dataclass(frozen=True)
class Grant:
    """One grant, ready to be checked against a call."""

    order: GrantOrder
    state: GrantState = "active"
    reason: str = ""
    probe: Probe = "pending"
    callers: frozenset[str] = field(init=False)
    lookup: tuple[str, ...] = field(init=False)
    lookup_set: frozenset[str] = field(init=False)
    visible: Mapping[str, Column] = field(init=False)
    claimable: Mapping[str, str] = field(init=False)
    place: tuple[str, str, str] = field(init=False)
    """Source, schema and table."""
    lookup_columns: tuple[str, ...] = field(init=False)
    fresh: tuple[str, ...] = field(init=False)
    """The column that tells when a row changed, if there is one."""
    _plans: dict[tuple[str, ...], PointQuery] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        order = self.order
        lookup = tuple(item.item for item in order.lookup)
        visible = {
            item.item: Column(item.item, item.column, None if item.mode == "plain" else rule(item.mask))
            for item in order.fields
            if item.mode != "verify"
        }
        # A masked item is not claimable: confirming guesses would give back what the mask took away.
        claimable = {item.item: item.column for item in order.fields if item.mode != "masked"}
        compiled = {
            "callers": frozenset(caller.key_id for caller in order.callers),
            "lookup": lookup,
            "lookup_set": frozenset(lookup),
            "visible": visible,
            "claimable": claimable,
            "place": (order.source, order.schema_name, order.table),
            "lookup_columns": tuple(item.column for item in order.lookup),
            "fresh": (order.fresh_column,) if order.fresh_column else (),
        }
        for name, value in compiled.items():
            object.__setattr__(self, name, value)

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The columns that give a row its place among others: the order's, or else the look-up columns."""
        return self.order.order_columns or self.lookup_columns

    def keyed(self, pseudonyms: Pseudonyms) -> None:
        """Give pseudonyms their key; until then a value that should have one is hidden."""
        order = self.order
        token = pseudonyms.rule(order.agreement_number or order.grant_number)
        visible = dict(self.visible)
        for item in order.fields:
            if item.mode == "masked" and item.mask == PSEUDONYM:
                visible[item.item] = Column(item.item, item.column, token)
        object.__setattr__(self, "visible", visible)

    def plan(self, items: tuple[str, ...], *, verify: bool = False, extra: tuple[str, ...] = ()) -> PointQuery:
        """Return the query that reads these items; its columns all come from the order.

        Args:
            items: what is answered, or what is claimed.
            verify: whether it is claimed.
            extra: columns read besides, behind the others, that the node needs and nobody is shown.
        """
        key = ("verify", *items, "", *extra) if verify else ("query", *items, "", *extra)
        found = self._plans.get(key)
        if found is None:
            order = self.order
            columns = [self.claimable[item] if verify else self.visible[item].column for item in items]
            found = PointQuery(
                schema=order.schema_name,
                table=order.table,
                columns=(*columns, *extra),
                lookup=tuple(item.column for item in order.lookup),
                conditions=order.conditions,
                limit=VERIFY_ROWS if verify else order.max_rows + 1,
            )
            if len(self._plans) >= MOST_PLANS:
                self._plans.clear()
            self._plans[key] = found
        return found


@dataclass(frozen=True, slots=True)
class Caller:
    """An information system that may sign calls."""

    key: CallerKey
    raw: bytes
    requester_code: str
    requester_name: str


def public_key(text: str) -> bytes:
    """Return the raw bytes of a public key in base64.

    Raises:
        ValueError: if the text is no Ed25519 public key.
    """
    raw = base64.b64decode(text, validate=True)
    if len(raw) != KEY_BYTES:
        raise ValueError(f"an Ed25519 public key has {KEY_BYTES} bytes")
    return raw


class KeyConflictError(ValueError):
    """Two grants give one key id to different public keys or departments."""


class GrantBook:
    """All grants of this node in memory, by number, and the keys of their callers.

    Args:
        grants: what the node holds at its start.
        pseudonyms: makes the tokens that grants show in place of values.
    """

    def __init__(self, grants: Iterable[Grant] = (), pseudonyms: Pseudonyms | None = None) -> None:
        self._pseudonyms = pseudonyms
        self.by_id: dict[str, Grant] = {}
        self.by_number: dict[str, Grant] = {}
        self.callers: dict[str, Caller] = {}
        for grant in grants:
            self.put(grant)

    def put(self, grant: Grant) -> None:
        """Take in a grant, replacing an earlier version of it.

        Raises:
            KeyConflictError: if a key id of its callers already means something else.
            ValueError: if a public key is unreadable.
        """
        fresh = self._callers_of(grant)
        if self._pseudonyms is not None and any(item.mask == PSEUDONYM for item in grant.order.fields):
            grant.keyed(self._pseudonyms)
        former = self.by_id.get(grant.order.grant_id)
        if former is not None:
            self.by_number.pop(former.order.grant_number, None)
        self.by_id[grant.order.grant_id] = grant
        self.by_number[grant.order.grant_number] = grant
        self.callers.update(fresh)
        if former is not None and former.callers - grant.callers:
            self._drop_unused()

    def check(self, grant: Grant) -> None:
        """Check that ``put`` would take a grant; same errors, no effect."""
        self._callers_of(grant)

    def _callers_of(self, grant: Grant) -> dict[str, Caller]:
        order = grant.order
        fresh: dict[str, Caller] = {}
        for key in order.callers:
            known = self.callers.get(key.key_id)
            same = known is not None and known.key.public_key == key.public_key
            if known is not None and not (same and known.requester_code == order.requester_code):
                raise KeyConflictError(key.key_id)
            raw = known.raw if known else public_key(key.public_key)
            fresh[key.key_id] = Caller(key, raw, order.requester_code, order.requester_name)
        return fresh

    def _drop_unused(self) -> None:
        used = {key for grant in self.by_id.values() for key in grant.callers}
        for key in self.callers.keys() - used:
            del self.callers[key]
