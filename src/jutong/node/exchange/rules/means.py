"""What rules and masks need of the node besides the rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from jutong.kernel.cells import CellKey, derived
from jutong.kernel.clock import civil_date
from jutong.node.masking import Pseudonyms


@dataclass(frozen=True)
class Means:
    """See the module.

    Attributes:
        department: the folder of the department's landed tables in the library; rules that refer to one look there.
        folder: the job's own, where rules keep what must outlive the process; None to keep it in memory.
        secret: the file of the node's own secret, which pseudonyms are keyed with.
        zone: what the source's times without a zone are meant in; empty to leave them as they are.
        started_ms: when the job began; freshness is counted from that day.
        salt: mixed into hashes of values; the job's id.
        replaying: rows that were refused come once more, so that all rows of the job came before them.
    """

    department: Path | None = None
    folder: Path | None = None
    secret: Path | None = None
    zone: str = ""
    started_ms: int = 0
    salt: str = ""
    replaying: bool = False

    @property
    def today(self) -> date:
        """The day the job began on."""
        return civil_date(datetime.fromtimestamp(self.started_ms / 1000, UTC))

    def pseudonym_key(self, agreement: str) -> bytes:
        """Return the key of an agreement's tokens, the same as the gateway's.

        Raises:
            FileNotFoundError: on a node without a secret of its own.
        """
        return Pseudonyms(self._own_secret()).key(agreement)

    def cell_key(self, agreement: str) -> CellKey:
        """Return the key an agreement's sealed cells are closed with, which its recipient fetches at the gateway.

        Raises:
            FileNotFoundError: on a node without a secret of its own.
        """
        return derived(self._own_secret(), agreement)

    def _own_secret(self) -> bytes:
        if self.secret is None:
            raise FileNotFoundError("node.secret")
        return bytes.fromhex(self.secret.read_text("ascii"))
