"""Opens a session at a source of the universal lane, and says in our words what it was refused for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

import pyarrow as pa

from jutong.contracts.orders import JobOrder
from jutong.node.connectors.errors import SourceUnreachableError
from jutong.node.connectors.limits import LOOK_SECONDS
from jutong.node.sources import SourceConfig
from jutong.node.universal.capability import PROBE, Capability
from jutong.node.universal.dameng import DAMENG
from jutong.node.universal.errors import RefusedError, SnapshotMissingError, TextGarbledError
from jutong.node.universal.mssql import MSSQL
from jutong.node.universal.mysql import MYSQL
from jutong.node.universal.oracle import ORACLE
from jutong.node.universal.postgresql import KINGBASE, POSTGRESQL

CAPABILITIES: dict[str, Capability] = {one.name: one for one in (ORACLE, MSSQL, DAMENG, KINGBASE, POSTGRESQL, MYSQL)}

REASONS = {
    "refused": "connection refused", "signin": "sign-in refused", "barred": "sign-in refused",
    "database": "no such database", "silent": "timed out", "full": "too many connections",
    "gone": "table or columns gone", "too-long": "statement timeout", "locked": "lock timeout",
    "stranger": "another product answers", "stale": "snapshot too old", "lost": "connection lost or refused",
    "snapshot": "snapshot isolation is off",
}  # fmt: skip


class Session(Protocol):
    """An open connection; see ``OdbcSession``."""

    def run(self, statement: str) -> None:
        """Run a statement that gives no rows."""

    def rows(self, statement: str, values: Sequence[str] = ()) -> list[tuple[Any, ...]]:
        """Return all rows of a small answer."""

    def batches(self, statement: str, schema: pa.Schema, rows: int, widest: int) -> Iterator[pa.RecordBatch]:
        """Yield the rows of a statement in the types of a schema."""

    def close(self) -> None:
        """Let go of the connection."""


def capability_of(source: SourceConfig) -> Capability:
    """Return what the product behind a source can do."""
    return CAPABILITIES[source.speaks or source.dialect]


def signed_in(source: SourceConfig, seconds: int = 0) -> Session:
    """Sign in.

    Args:
        source: where.
        seconds: how long a statement may take, 0 for as long as it does.

    Raises:
        RefusedError: as the driver says it.
        DriverMissingError: when there is no driver for it here.
    """
    # Each loads its own driver only.
    if source.dialect == "oracle":
        from jutong.node.universal.thin import OracleSession  # noqa: PLC0415

        return OracleSession(source, seconds=seconds)
    from jutong.node.universal.odbc import OdbcSession  # noqa: PLC0415

    # A bound of the server's is kept better than one of the driver's, which many ignore.
    capability = capability_of(source)
    return OdbcSession(source, wide=capability.wide, seconds=0 if capability.deadline else seconds)


def reason_of(capability: Capability, error: RefusedError) -> str:
    """Return why something was refused, without a value or an address."""
    told = capability.why(error)
    return REASONS.get(told, told) or f"{error.state or 'error'} {error.native}"


@contextmanager
def looking(source: SourceConfig, seconds: int = LOOK_SECONDS) -> Iterator[tuple[Session, Capability]]:
    """Open a short session in which no statement runs longer than ``seconds``, where product or driver keep to that.

    Raises:
        SourceUnreachableError: when the server does not let us in, or refuses a statement.
        TextGarbledError: when the driver spoils texts.
        DriverMissingError: when there is no driver for it here.
    """
    capability = capability_of(source)
    try:
        session = signed_in(source, seconds)
        try:
            for statement in (*capability.look, capability.deadline.format(seconds=seconds)):
                if statement:
                    session.run(statement)
            check_text(source, session, capability)
            yield session, capability
        finally:
            session.close()
    except RefusedError as error:
        raise SourceUnreachableError(source=source.name, reason=reason_of(capability, error)) from error


def begin(source: SourceConfig, session: Session, capability: Capability, order: JobOrder) -> None:
    """Open the one moment a move reads at, under its care.

    Raises:
        RefusedError: when the server refuses.
        TextGarbledError: when the driver spoils texts.
    """
    for statement in capability.begin:
        session.run(statement)
    care = order.care
    if care and care.statement_seconds and capability.deadline:
        session.run(capability.deadline.format(seconds=care.statement_seconds))
    if care and care.lock_seconds and capability.locks:
        session.run(capability.locks.format(seconds=care.lock_seconds))
    check_text(source, session, capability)


def check_text(source: SourceConfig, session: Session, capability: Capability) -> None:
    """Have one character handed over.

    Raises:
        TextGarbledError: when it comes as another.
    """
    found = session.rows(f"SELECT {capability.probe} AS probe{capability.dual}")
    if [str(row[0]).strip() for row in found] != [PROBE]:
        raise TextGarbledError(source=source.name)


def no_snapshot(source: SourceConfig, capability: Capability) -> SnapshotMissingError:
    """Return the error for a product that offers no moment as it is set up."""
    return SnapshotMissingError(source=source.name, statement=capability.snapshot)
