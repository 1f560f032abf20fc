"""What a node reports to the center. Only a receipt may make the center say delivered, supplied or moved."""

from __future__ import annotations

from typing import Literal

from jutong.contracts.envelope import Document


class SourceHealth(Document):
    """One configured source of the node; no address or secret."""

    name: str
    dialect: str
    organisation_code: str
    ok: bool
    problem: str = ""


class HealthReceipt(Document):
    """Kind ``health``: sent at start and every minute."""

    version: str
    gateway_url: str
    log_origin: str
    log_key: str
    log_size: int
    sources: tuple[SourceHealth, ...]


class ColumnInfo(Document):
    """A column as the database describes it."""

    name: str
    type: str
    nullable: bool
    comment: str = ""
    key: bool = False


class TableInfo(Document):
    """A table or view as the database describes it; ``row_estimate`` is the catalog's own estimate."""

    schema_name: str
    name: str
    comment: str = ""
    row_estimate: int
    columns: tuple[ColumnInfo, ...]


class InventoryReceipt(Document):
    """Kind ``inventory``: the answer to an introspect order."""

    source: str
    ok: bool
    problem: str = ""
    tables: tuple[TableInfo, ...] = ()


class GrantReceipt(Document):
    """Kind ``grant``: the node holds the grant and has probed the table with it."""

    grant_id: str
    state: Literal["ready", "failed", "suspended", "revoked"]
    problem: str = ""


class AccessSummary(Document):
    """One call, without any business value."""

    record_id: str
    time_ms: int
    grant_id: str
    kind: Literal["query", "verify", "batch"]
    system_id: str
    official: str
    purpose: str
    case_number: str
    outcome: str
    rows: int
    fields: tuple[str, ...]
    leaf_index: int


class ServedReceipt(Document):
    """Kind ``served``: calls whose access records are durable in the node's log."""

    calls: tuple[AccessSummary, ...]


class MovedReceipt(Document):
    """Kind ``moved``: the state of a job. Digests are over the Arrow content on each side."""

    job_id: str
    state: Literal["running", "done", "failed"]
    rows_read: int = 0
    rows_written: int = 0
    source_digest: str = ""
    target_digest: str = ""
    delta_version: int = -1
    started_ms: int = 0
    finished_ms: int = 0
    leaf_index: int = -1
    problem: str = ""
