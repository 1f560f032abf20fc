"""Another Jutong node: its tables are the grants our mapping names; nothing is asked of it but whether it listens.

To look at rows is to use the grant, and stands in the other node's record: so nothing is sampled and nothing counted.
"""

from __future__ import annotations

import stat
from pathlib import Path

from jutong.contracts.receipts import ColumnInfo, TableInfo
from jutong.kernel.keys import Ed25519Signer, load_or_create_signer
from jutong.node.connectors.errors import PeerKeyError
from jutong.node.connectors.limits import ROWS_UNKNOWN
from jutong.node.connectors.rest import probe as listens
from jutong.node.peers import SCHEMA, PeerTable
from jutong.node.sources import SourceConfig

TYPE = "text"


def probe(source: SourceConfig) -> None:
    """Read our key, connect to the other node's address and leave.

    Raises:
        PeerKeyError: when there is no key, or others may read it.
        SourceUnreachableError: when nothing listens there.
    """
    signer_of(source)
    listens(source)


def signer_of(source: SourceConfig) -> Ed25519Signer:
    """Return the private key our calls are signed with.

    Raises:
        PeerKeyError: when there is none, it is none, or others may read it.
    """
    path = Path(source.peer_node.key)
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise PeerKeyError(source=source.name, reason=error.strerror or "unreadable") from error
    if not stat.S_ISREG(mode) or mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise PeerKeyError(source=source.name, reason=f"{stat.S_IMODE(mode):04o}")
    try:
        return load_or_create_signer(path, source.name)
    except (OSError, ValueError) as error:
        raise PeerKeyError(source=source.name, reason="not a key") from error


def table_of(source: SourceConfig, schema: str, table: str) -> PeerTable | None:
    """Return a mapped table; None where there is none of the name."""
    return source.peer_node.tables.get(table) if schema in {"", SCHEMA} else None


def inventory(source: SourceConfig) -> tuple[TableInfo, ...]:
    """Return the mapped grants.

    Raises:
        PeerKeyError: when our key cannot be used.
        SourceUnreachableError: when nothing listens at the other node's address.
    """
    probe(source)
    return tuple(
        TableInfo(
            schema_name=SCHEMA, name=name, comment=table.comment or table.grant, row_estimate=ROWS_UNKNOWN, kind="view",
            columns=tuple(
                ColumnInfo(name=column, type=TYPE, nullable=True, comment=item)
                for column, item in table.columns.items()
            ),
        )
        for name, table in sorted(source.peer_node.tables.items())
    )  # fmt: skip
