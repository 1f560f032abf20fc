"""Which grants of a system are offered as shares, and under which names."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jutong.contracts.orders import Way
from jutong.kernel.errors import JutongError
from jutong.library.tables import table_path
from jutong.node.copies.registry import CopiesKnown
from jutong.node.gateway.askers import asker_for
from jutong.node.gateway.decide import check_grant
from jutong.node.gateway.recorder import Asker
from jutong.node.grants import Grant, GrantBook
from jutong.node.shares.errors import ShareUnknownError
from jutong.node.sources import SourceConfig

WHOLE: tuple[Way, ...] = ("file", "page")
"""Ways whose holder may read every row granted, and so may do it with this protocol."""


@dataclass(frozen=True)
class Offer:
    """One grant as a share with one table."""

    grant: Grant
    path: Path

    @property
    def share(self) -> str:
        """The share's name: the number of the grant."""
        return self.grant.order.grant_number

    @property
    def schema(self) -> str:
        """The zone of the library."""
        return self.grant.order.schema_name

    @property
    def table(self) -> str:
        """The table."""
        return self.grant.order.table

    @property
    def way(self) -> Way:
        """The way a read of all rows is decided and recorded by."""
        return next((way for way in WHOLE if way in self.grant.order.ways), WHOLE[0])

    @property
    def changes_way(self) -> Way:
        """The way a read of changes is: whoever may read all rows of each version may as well read what changed."""
        return "changes" if "changes" in self.grant.order.ways else self.way

    def named(self) -> dict[str, str]:
        """Return the table as listings have it."""
        return {
            "name": self.table, "schema": self.schema, "share": self.share, "shareId": self.grant.order.grant_id,
            "id": f"{self.grant.order.grant_id}/{self.schema}/{self.table}",
        }  # fmt: skip


class Offers:
    """Finds offers.

    Args:
        book: the node's grants.
        sources: the configured sources by name.
        home: the instance's data folder. What is granted on the copy of a library table is read from that table.
    """

    def __init__(self, book: GrantBook, sources: Mapping[str, SourceConfig], home: Path) -> None:
        self._book = book
        self._sources = sources
        self._library = home / "library"
        self._copies = CopiesKnown(home)

    def of(self, system: str, now_ms: int) -> list[Offer]:
        """Return what a system may read now, by number of the grant."""
        found = []
        for grant in sorted(self._book.by_id.values(), key=lambda one: one.order.grant_number):
            offer = self._offer(grant)
            if offer is None or not any(key.system_id == system for key in grant.order.callers):
                continue
            try:
                check_grant(grant, now_ms)
            except JutongError:
                continue
            found.append(offer)
        return found

    def find(self, system: str, share: str, schema: str = "", table: str = "") -> tuple[Offer, Asker]:
        """Return one offer by its names, whatever state its grant is in, and its system as the one who asks.

        Raises:
            ShareUnknownError: if the system has none of these names.
        """
        grant = self._grant(share)
        offer = self._offer(grant) if grant is not None else None
        name = ".".join(part for part in (share, schema, table) if part)[:200]
        if offer is None or not any(key.system_id == system for key in offer.grant.order.callers):
            raise ShareUnknownError(name=name)
        for asked, known in ((schema, offer.schema), (table, offer.table)):
            if asked and asked.lower() != known.lower():
                raise ShareUnknownError(name=name)
        return offer, self.asker(system, offer.share)

    def asker(self, system: str, share: str = "") -> Asker:
        """Return a system as the one who asks.

        Raises:
            SystemUnknownError: if no grant on this node is the system's.
        """
        return asker_for(self._book, system, share)

    def _grant(self, share: str) -> Grant | None:
        found = self._book.by_number.get(share)
        if found is None:  # names of shares may be written in any case
            found = next((one for number, one in self._book.by_number.items() if number.lower() == share.lower()), None)
        return found

    def _offer(self, grant: Grant) -> Offer | None:
        order = grant.order
        config = self._sources.get(order.source)
        if config is None or order.kind != "table" or not grant.visible:
            return None
        if not any(way in order.ways for way in (*WHOLE, "changes")):
            return None
        if config.dialect == "library":
            return Offer(grant, table_path(config.file, order.schema_name, config.organisation_code, order.table))
        copied = self._copies.original(grant.place)
        return Offer(grant, table_path(self._library, *copied)) if copied is not None else None
