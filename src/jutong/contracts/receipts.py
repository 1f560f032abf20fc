"""What a node reports to the center. Only a receipt may make the center say delivered, supplied or moved."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import SerializerFunctionWrapHandler, model_serializer

from jutong.contracts.dry import DryColumn
from jutong.contracts.envelope import Document


class SourceHealth(Document):
    """One configured source of the node; no address or secret. ``writes`` are the schemas moves may fill."""

    name: str
    dialect: str
    organisation_code: str
    ok: bool
    problem: str = ""
    writes: tuple[str, ...] = ()

    @model_serializer(mode="wrap")
    def _what_applies(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        found: dict[str, Any] = handler(self)
        return {name: value for name, value in found.items() if value or name != "writes"}


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
    refers_to: str = ""
    """``table.column`` of a foreign key, with the schema in front where it is another one."""


class TableInfo(Document):
    """A table or view as the database describes it; ``row_estimate`` is the catalog's own estimate."""

    schema_name: str
    name: str
    comment: str = ""
    row_estimate: int
    columns: tuple[ColumnInfo, ...]
    kind: Literal["table", "view"] = "table"


class InventoryReceipt(Document):
    """Kind ``inventory``: the answer to an introspect order."""

    source: str
    ok: bool
    problem: str = ""
    tables: tuple[TableInfo, ...] = ()


class PatternCount(Document):
    """How many sampled values have a form: ``identity``, ``phone``, ``bank-card``, ``plate``, ``credit-code`` ..."""

    pattern: str
    count: int


class ColumnProfile(Document):
    """What a bounded sample of a column looks like, in counts only."""

    name: str
    filled: int
    distinct: int
    shortest: int
    longest: int
    patterns: tuple[PatternCount, ...] = ()


class ProfileReceipt(Document):
    """Kind ``profile``: the answer to a profile order. ``rows`` is exact where it was cheap, else -1."""

    source: str
    schema_name: str
    table: str
    ok: bool
    problem: str = ""
    sampled: int = 0
    rows: int = -1
    columns: tuple[ColumnProfile, ...] = ()


class BindingCheck(Document):
    """What a probe of one binding found. ``rows`` is -1 and ``newest_ms`` 0 where the probe could not tell."""

    binding_id: str
    alive: bool
    problem: str = ""
    missing_columns: tuple[str, ...] = ()
    rows: int = -1
    newest_ms: int = 0
    checked_ms: int


class BindingReceipt(Document):
    """Kind ``binding``: the newest checks of the bindings the node watches."""

    checks: tuple[BindingCheck, ...]


class GrantReceipt(Document):
    """Kind ``grant``: the node holds the grant and has probed the table with it."""

    grant_id: str
    state: Literal["ready", "failed", "suspended", "revoked"]
    problem: str = ""


class AccessSummary(Document):
    """One call, without any business value.

    ``took_ms`` is how long the answer took, -1 where nobody measured; ``newest_ms`` how fresh the rows were, 0 where
    unknown; ``marks`` the corrections whose marks were shown.
    """

    record_id: str
    time_ms: int
    grant_id: str
    kind: Literal["query", "verify", "batch", "page", "changes", "file", "address"]
    system_id: str
    official: str
    purpose: str
    case_number: str
    outcome: str
    rows: int
    fields: tuple[str, ...]
    leaf_index: int
    took_ms: int = -1
    newest_ms: int = 0
    marks: tuple[str, ...] = ()


class ServedReceipt(Document):
    """Kind ``served``: calls whose access records are durable in the node's log."""

    calls: tuple[AccessSummary, ...]


class MarkReceipt(Document):
    """Kind ``mark``: the node shows, or no longer shows, a row as being in dispute.

    ``matched`` is how many rows the key finds now; ``grants`` are those whose holders had read the row.
    """

    correction_number: str
    state: Literal["open", "corrected", "lifted", "failed"]
    matched: int = 0
    grants: tuple[str, ...] = ()
    problem: str = ""


class ConfirmedReceipt(Document):
    """Kind ``confirmed``: holders that have fetched a corrected value through the change feed."""

    correction_number: str
    grant_ids: tuple[str, ...]
    time_ms: int


class TraceReceipt(Document):
    """Kind ``trace``: the records a trace found, the newest first; no looked-up value is in it."""

    trace_id: str
    record_ids: tuple[str, ...]
    complete: bool
    problem: str = ""


class RuleCount(Document):
    """How many rows broke one rule of a move; counts only."""

    id: str
    kind: str
    column: str
    action: str
    rows: int


class FileTold(Document):
    """A file of a job, and what became of it.

    It was ``read``, is the ``same`` as another of this job, was moved ``earlier``, or is what the job has ``written``.
    ``sha256`` is of the unpacked bytes, of a written file of its own; ``of`` names that other file or that earlier job.
    """

    name: str
    sha256: str
    state: Literal["read", "same", "earlier", "written"]
    of: str = ""


class ArrivedReceipt(Document):
    """Kind ``arrived``: files came that no job has moved, and all of the table's have come to rest.

    ``files`` counts the new ones. The same state of a file is told once.
    """

    source: str
    schema_name: str
    table: str
    files: int
    seen_ms: int


class PulledTold(Document):
    """An answer of another node that rows of a job came by, and the record of it in that node's log.

    ``node`` is the id of the key the answer was signed with, ``sha256`` the digest of the answer, which the record
    holds too; of ``disputed`` rows that node says that somebody objects to them.
    """

    node: str
    grant: str
    record: str
    rows: int
    sha256: str
    disputed: int = 0


class MovedReceipt(Document):
    """Kind ``moved``: the state of a job. Digests are over the Arrow content on each side.

    ``rows_read`` is ``rows_written`` + ``rows_quarantined`` + ``rows_skipped``. ``snapshots`` is how many moments the
    rows were read at: one, and one more for every time the job was taken up again inside the table. What does not
    apply is not sent.

    ``waiting`` is a job that goes on by itself: ``phase`` is ``queued`` (for a free place), ``hours`` (for those it
    may read in) or ``retry`` (not before ``retry_ms``, after ``tries`` that failed; ``problem`` says how). ``paused``
    waits for a person. Of a running job ``phase`` is what it does now, ``rows_per_second`` its pace since the last
    report, ``rows_quarantined`` the count so far. ``transient`` is a failure that may be gone when tried again.

    Of a job with a ``mode`` the rows written are those ``inserted``, ``updated`` and ``unchanged``, ``deleted`` ones
    were there and no longer came. ``table_rows`` and ``table_digest`` stand for the whole target as the job left it,
    ``position`` is the moment the source was read up to, and ``drift`` names columns that were other (+ - ~).

    Of a job that read the source's log ``changes`` is how many it found there, and ``lag_bytes`` how much of the log
    the source keeps for the next one. ``log_permille`` is how much of what it keeps at the most, in bytes or in time,
    the job had let pass when it began; at 1000 what it had not read is lost.

    A ``dry`` job wrote nothing: ``rows_written`` would land as ``columns`` tells, ``rows_counted`` are what the source
    has of which ``rows_read`` were looked at, and ``problem`` of a done one is what would end the move. It has no
    digests.

    ``into`` is the database's table the rows went to, as source, schema and table; ``lane`` how they travelled
    (``checked``, or ``raw`` where nothing was asked of them, whose digests are the databases' own hashes). ``files``
    are the first 100 files of a move from a folder, ``pulled`` the first 100 answers of another node,
    and ``messages`` how many were taken off a stream.
    """

    job_id: str
    state: Literal["running", "waiting", "paused", "done", "failed", "cancelled"]
    rows_read: int = 0
    rows_written: int = 0
    source_digest: str = ""
    target_digest: str = ""
    delta_version: int = -1
    started_ms: int = 0
    finished_ms: int = 0
    leaf_index: int = -1
    problem: str = ""
    rows_quarantined: int = 0
    rows_skipped: int = 0
    chunks: int = 0
    chunks_done: int = 0
    snapshots: int = 0
    rules: tuple[RuleCount, ...] = ()
    phase: Literal["", "queued", "hours", "retry", "planning", "reading", "checking", "committing"] = ""
    rows_per_second: int = 0
    tries: int = 0
    retry_ms: int = 0
    transient: bool = False
    mode: Literal["", "replace", "append", "merge", "difference", "changes"] = ""
    rows_inserted: int = 0
    rows_updated: int = 0
    rows_deleted: int = 0
    rows_unchanged: int = 0
    table_rows: int = 0
    table_digest: str = ""
    position: str = ""
    drift: tuple[str, ...] = ()
    changes: int = 0
    lag_bytes: int = 0
    log_permille: int = 0
    into: str = ""
    lane: str = ""
    files: tuple[FileTold, ...] = ()
    dry: bool = False
    rows_counted: int = 0
    columns: tuple[DryColumn, ...] = ()
    pulled: tuple[PulledTold, ...] = ()
    messages: int = 0

    @model_serializer(mode="wrap")
    def _what_applies(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        found: dict[str, Any] = handler(self)
        return {name: value for name, value in found.items() if value or name not in _OF_RULES}


_OF_RULES = frozenset(
    ("rows_quarantined", "rows_skipped", "chunks", "chunks_done", "snapshots", "rules", "phase", "rows_per_second",
     "tries", "retry_ms", "transient", "mode", "rows_inserted", "rows_updated", "rows_deleted", "rows_unchanged",
     "table_rows", "table_digest", "position", "drift", "changes", "lag_bytes", "log_permille", "into", "lane",
     "files", "dry", "rows_counted", "columns", "pulled", "messages")
)  # fmt: skip
"""Fields of a moved receipt that are not sent when they do not apply."""


class ReplayedReceipt(Document):
    """Kind ``replayed``: rows of a job that were put right and have been added to its table, in one commit.

    ``number`` counts the replays of the job. ``left`` rows wait for a decision, ``dropped`` were given up with a
    reason. No value is in it.
    """

    job_id: str
    number: int
    rows: int
    digest: str
    delta_version: int
    official: str
    time_ms: int
    left: int
    dropped: int
    leaf_index: int = -1


class TableCheck(Document):
    """One target as a nightly look found it. ``job_id`` is the last job that wrote to it.

    ``rows`` and ``digest`` are what lies there, ``expected`` is what that job left. ``source_rows`` is the source's own
    count at the time of the look where it was cheap, else -1: the source may have gone on since, so it decides nothing.
    """

    job_id: str
    organisation_code: str
    target: str
    state: Literal["same", "differs", "unreadable"]
    rows: int = -1
    expected_rows: int = -1
    digest: str = ""
    expected: str = ""
    delta_version: int = -1
    source_rows: int = -1
    problem: str = ""


class ReconciledReceipt(Document):
    """Kind ``reconciled``: every target of the node was read again and held against what its last job had left."""

    run_id: str
    started_ms: int
    finished_ms: int
    checks: tuple[TableCheck, ...]
    leaf_index: int = -1
