"""What the center orders a node to do. A node obeys an order only under the center's signature."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from jutong.contracts.care import MOST_PRIORITY, Care, Hours
from jutong.contracts.dry import Dry
from jutong.contracts.envelope import Document
from jutong.contracts.fingerprint import Fingerprint
from jutong.contracts.landing import Landing
from jutong.contracts.modes import Mode, Period
from jutong.contracts.rules import MOST_RULES, ColumnMask, Rule
from jutong.contracts.steps import MOST_STEPS, Step

FieldMode = Literal["verify", "masked", "plain"]
BindingKind = Literal["table", "files", "service", "stream", "video"]
Operator = Literal["eq", "in", "prefix", "ge", "le"]
Way = Literal["query", "verify", "batch", "page", "changes", "file", "address"]
"""What a grant lets its holder call; ``batch`` is many keys in one call."""


class CallerKey(Document):
    """One information system of the requester and the key it signs calls with."""

    system_id: str
    system_name: str
    key_id: str
    public_key: str


class GrantedField(Document):
    """One item of the entry, where it stands in the table, and how much of it may be seen.

    ``mask`` names an obligation of the node where the mode is ``masked``: masks (``name``, ``identity``, ``phone``,
    ``address``, ``all``), ``pseudonym`` (a token that is the same for one value within one agreement and different in
    any other), or a generalisation (``year``, ``month``, ``division``, ``band``).
    """

    item: str
    column: str
    mode: FieldMode
    mask: str = "all"


class Condition(Document):
    """One typed condition of the row predicate; all conditions must hold."""

    column: str
    operator: Operator
    values: tuple[str, ...]


class Place(Document):
    """Where something that is no table stands. No secret: credentials are the node's own configuration.

    ``protocol`` is one of ``file``, ``http``, ``https``, ``kafka``, ``amqp``, ``mqtt``, ``rtsp``, ``rtmp``, ``hls``,
    ``gb28181``; ``address`` a host with port or an URL without user and password; ``path`` a path, topic or stream
    below it; ``channel`` the channel's identifier.
    """

    protocol: str
    address: str
    path: str = ""
    channel: str = ""


class GrantOrder(Document):
    """Kind ``grant``: everything the gateway needs to decide a call, compiled from one grant.

    A table is read field by field. Anything else has a ``place``, is lent whole under a signed address, and the only
    way is ``address``.

    ``batch_keys`` is how many keys one batch call may carry, ``page_rows`` how many rows one page or page of changes
    holds, ``per_minute`` how many calls a minute are answered (0: the node's own limit). Without ``hours`` calls are
    allowed at any time. ``order_columns`` order a page uniquely; ``fresh_column`` tells when a row changed and makes
    the change feed possible. ``basis``, ``grade`` and ``agreement_number`` let the node explain a decision.
    """

    grant_id: str
    grant_number: str
    application_number: str
    entry_code: str
    entry_name: str
    provider_code: str
    provider_name: str
    requester_code: str
    requester_name: str
    callers: tuple[CallerKey, ...]
    source: str
    schema_name: str
    table: str
    lookup: tuple[GrantedField, ...]
    fields: tuple[GrantedField, ...]
    conditions: tuple[Condition, ...]
    ways: tuple[Way, ...]
    purpose: str
    case_required: bool
    daily_quota: int
    max_rows: int
    valid_from_ms: int
    valid_until_ms: int
    kind: BindingKind = "table"
    place: Place | None = None
    agreement_number: str = ""
    basis: str = ""
    grade: str = ""
    batch_keys: int = 0
    page_rows: int = 0
    per_minute: int = 0
    hours: tuple[Hours, ...] = ()
    order_columns: tuple[str, ...] = ()
    fresh_column: str = ""


class GrantStateOrder(Document):
    """Kind ``grant-state``: suspend, resume or revoke a grant from now on."""

    grant_id: str
    state: Literal["active", "suspended", "revoked"]
    reason: str


class IntrospectOrder(Document):
    """Kind ``introspect``: list the tables and columns of a source; no row leaves."""

    source: str


class JobOrder(Document):
    """Kind ``job``: move one table into a Delta table of the library.

    ``steps`` are taken with the columns first, then ``rules`` asked of every row in this order, and ``masks`` put on
    what passed; rules and masks name the columns as the steps leave them. ``chunk_rows`` is how many rows are finished
    together, 0 the node's own choice. ``care`` bounds what is taken of the source; of two jobs that wait for
    a free place the one with the higher ``priority`` goes first; 0 counts as the usual 5. With ``into`` the rows go
    into a table of a database, and ``target`` only names the job. ``mode`` is how the rows meet those that are there;
    without one they replace them. A ``dry`` order writes nothing. With a ``period`` only rows of the watermark's
    values from there to there are read, and how far it was read stays as it was. With a ``fingerprint`` rows come in
    its recipient's order. What is not used is not sent, so that a node of an earlier version takes a plain order and
    refuses one it could not carry out.
    """

    job_id: str
    source: str
    schema_name: str
    table: str
    columns: tuple[str, ...]
    target: str
    rules: Annotated[tuple[Rule, ...], Field(max_length=MOST_RULES)] = ()
    masks: Annotated[tuple[ColumnMask, ...], Field(max_length=MOST_RULES)] = ()
    chunk_rows: Annotated[int, Field(ge=0, le=10**9)] = 0
    steps: Annotated[tuple[Step, ...], Field(max_length=MOST_STEPS)] = ()
    care: Care | None = None
    priority: Annotated[int, Field(ge=0, le=MOST_PRIORITY)] = 0
    into: Landing | None = None
    mode: Mode | None = None
    dry: Dry | None = None
    period: Period | None = None
    fingerprint: Fingerprint | None = None

    @model_validator(mode="after")
    def _compares_what_stays_equal(self) -> Self:
        every = getattr(self.mode, "kind", "") == "difference"
        compared = getattr(self.mode, "keys", ())
        if any(mask.mask == "sealed" and (every or mask.column in compared) for mask in self.masks):
            raise ValueError("rows cannot be told apart by what is sealed anew each time")
        if self.fingerprint is not None and getattr(self.mode, "kind", "") == "changes":
            raise ValueError("changes come in the order of the log")
        return self

    @model_serializer(mode="wrap")
    def _what_is_used(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        found: dict[str, Any] = handler(self)
        return {name: value for name, value in found.items() if value or name not in _UNSENT}


_UNSENT = frozenset(("rules", "steps", "masks", "chunk_rows", "care", "priority", "into", "mode", "dry", "period",
                     "fingerprint"))  # fmt: skip
"""Fields of a job order that are not sent when they are not used."""


class JobControlOrder(Document):
    """Kind ``job-control``: stop a job for now, let it go on, or end it.

    A paused job keeps its finished chunks. A cancelled one leaves nothing behind; one that has committed is done.
    """

    job_id: str
    action: Literal["pause", "resume", "cancel"]


class RepairTicketOrder(Document):
    """Kind ``repair-ticket``: opens the quarantine of one job at the node for one signed-in person, once.

    It travels through the person's browser. The rows stay between browser and node; every opening and every replay is
    a leaf in the node's log.
    """

    job_id: str
    official: str
    post: str
    organisation_code: str
    valid_until_ms: int
    nonce: str


class ConnectTicketOrder(Document):
    """Kind ``connect-ticket``: lets one signed-in person give the node the account of one database, once.

    Address and password go from the browser to the node and nowhere else.
    """

    source: str
    organisation_code: str
    organisation_name: str
    official: str
    post: str
    valid_until_ms: int
    nonce: str


class PasswordTicketOrder(Document):
    """Kind ``password-ticket``: lets one signed-in person give the node the new password of a database, once.

    The password goes from the browser to the node and nowhere else.
    """

    source: str
    organisation_code: str
    official: str
    post: str
    valid_until_ms: int
    nonce: str


class TicketOrder(Document):
    """Kind ``ticket``: lets one signed-in person try one granted call in a browser, once, within minutes."""

    grant_id: str
    official: str
    post: str
    system_id: str
    valid_until_ms: int
    nonce: str


class ProfileOrder(Document):
    """Kind ``profile``: look at a bounded sample of one table and report counts; no value leaves."""

    source: str
    schema_name: str
    table: str
    sample_rows: int


class WatchedBinding(Document):
    """One binding the node probes: what stands behind an entry and how it was described."""

    binding_id: str
    entry_code: str
    kind: BindingKind
    source: str
    schema_name: str = ""
    table: str = ""
    columns: tuple[str, ...] = ()
    fresh_column: str = ""
    place: Place | None = None


class WatchOrder(Document):
    """Kind ``watch``: the whole list of bindings the node probes from now on; it replaces the former one."""

    every_minutes: int
    bindings: tuple[WatchedBinding, ...]


class FilesPlace(Document):
    """A table that files of a folder are mapped to."""

    source: str
    schema_name: str
    table: str


class ArrivalsOrder(Document):
    """Kind ``arrivals``: the whole list of tables whose new files the node tells of; it replaces the former one."""

    tables: tuple[FilesPlace, ...]


class MarkOrder(Document):
    """Kind ``mark``: rows that are in dispute, shown as such to every reader (条例 26).

    ``sealed`` holds, for the node's eyes only, JSON of ``{"key": {column: value}, "items": {item: column},
    "corrected": {item: value}}``; see ``kernel.sealing``. State ``open`` marks, ``lifted`` takes the mark away,
    ``corrected`` takes it away and tells of new values through the change feed. Where a node found the row by
    comparison, the center knows no key: it stands in ``locator``, JSON of ``{column: value}`` that one node closed for
    the other, and ``key`` is empty. What is not used is not sent, so that a node of an earlier version takes the order.
    """

    correction_number: str
    state: Literal["open", "corrected", "lifted"]
    entry_code: str
    source: str
    schema_name: str
    table: str
    since_ms: int
    sealed: str
    locator: str = ""

    @model_serializer(mode="wrap")
    def _what_is_used(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        found: dict[str, Any] = handler(self)
        return {name: value for name, value in found.items() if value or name != "locator"}


class TraceOrder(Document):
    """Kind ``trace``: find every access to what somebody looked up, by the node's own keyed tags.

    ``sealed`` holds, for the node's eyes only, a JSON list of values. ``entry_code`` narrows it, or is empty.
    """

    trace_id: str
    entry_code: str
    sealed: str
    since_ms: int


class Heartbeat(Document):
    """Kind ``heartbeat``: the feed is complete up to ``last_sequence`` as of the cover's time."""

    last_sequence: int
