"""Care of the library as data: what a work ``care`` is told to do, and what came of it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jutong.contracts.envelope import Document
from jutong.contracts.library import NAME, Feed, FieldType

Zone = Literal["landed", "standardised", "fused", "service"]
OWNER = r"^[0-9A-Z]{1,18}$"
LONGEST_KEEPING = 36_500
MOST_TABLES = 2_000


class TableName(Document):
    """One table of the library; ``code`` is its organisation's or its library's."""

    zone: Zone
    code: str = Field(pattern=OWNER)
    table: str = Field(pattern=NAME)

    @property
    def text(self) -> str:
        """The name as people write it."""
        return f"{self.zone}/{self.code}/{self.table}"


class Keeping(TableName):
    """How one table is kept, from its definition.

    For ``keep_days`` after it was replaced a version stays readable. ``most_small`` files of less than ``small_bytes``
    are left as they are; one more, and they become few large ones.
    """

    keep_days: Annotated[int, Field(ge=1, le=LONGEST_KEEPING)]
    small_bytes: Annotated[int, Field(ge=1, le=2**31)] = 8 * 1024 * 1024
    most_small: Annotated[int, Field(ge=1, le=100_000)] = 8


class TidyTask(Document):
    """Fold small files and remove what only versions need that nobody was promised any longer."""

    kind: Literal["tidy"] = "tidy"
    tables: Annotated[tuple[Keeping, ...], Field(max_length=MOST_TABLES)]
    dry: bool = False


class ExamineTask(Document):
    """Find out what is wrong with tables; none named means all. ``content`` reads every row again."""

    kind: Literal["examine"] = "examine"
    tables: Annotated[tuple[TableName, ...], Field(max_length=MOST_TABLES)] = ()
    content: bool = False


class MendTask(Document):
    """Bring one table back to its last good version, by a commit of its own."""

    kind: Literal["mend"] = "mend"
    table: TableName


class NewColumn(Document):
    """A column that is added; rows that are there have no value in it."""

    name: str = Field(pattern=NAME)
    type: FieldType
    length: Annotated[int, Field(ge=0, le=38)] = 0
    """Digits of a decimal."""
    scale: Annotated[int, Field(ge=0, le=38)] = 0


class Consent(Document):
    """Who agreed, for whom, and when (milliseconds since 1970 UTC)."""

    role: Literal["owner", "authority", "second"]
    organisation_code: str
    name: str
    at_ms: int


class EvolveTask(Document):
    """Add columns to a table, after owner and authority agreed."""

    kind: Literal["evolve"] = "evolve"
    table: TableName
    add: Annotated[tuple[NewColumn, ...], Field(min_length=1, max_length=300)]
    consents: tuple[Consent, ...]


class EraseTask(Document):
    """Erase what is kept of one person, in every table and version.

    ``box`` holds a :class:`Traces`, closed for the node's key; nobody on the way can read whom it names. ``ground``
    says why, without naming the person. ``own`` names the fields by which a row is about the person and not about
    somebody who only mentions him: the row goes, elsewhere only the cell is emptied. With ``dry`` rows are counted, for
    the second of the two who consent.
    """

    kind: Literal["erase"] = "erase"
    erasure_id: str = Field(pattern=r"^[0-9a-f-]{36}$")
    box: str
    ground: str = Field(min_length=1, max_length=500)
    own: tuple[str, ...]
    feeds: Annotated[tuple[Feed, ...], Field(max_length=MOST_TABLES)] = ()
    consents: tuple[Consent, ...]
    dry: bool = False


class Trace(Document):
    """A row of one register: its landed key in the feed of this name."""

    feed: str
    key: str


class Traces(Document):
    """By what a person's rows are known: numbers that mean this person wherever they stand, and keys of registers."""

    values: Annotated[tuple[Annotated[str, Field(min_length=6, max_length=200)], ...], Field(min_length=1)]
    keys: tuple[Trace, ...] = ()


class ProveTask(Document):
    """Look again whether anything of an erased person came back."""

    kind: Literal["prove"] = "prove"
    erasure_id: str = Field(pattern=r"^[0-9a-f-]{36}$")


class BackupTask(Document):
    """Copy the newest good version of tables, none named means all, to the node's backup folder."""

    kind: Literal["backup"] = "backup"
    tables: Annotated[tuple[TableName, ...], Field(max_length=MOST_TABLES)] = ()


class RestoreTask(Document):
    """Bring tables back from a backup, none named means all that are in it."""

    kind: Literal["restore"] = "restore"
    set_id: str = Field(pattern=r"^[0-9a-f-]{36}$")
    tables: Annotated[tuple[TableName, ...], Field(max_length=MOST_TABLES)] = ()


Task = Annotated[
    TidyTask | ExamineTask | MendTask | EvolveTask | EraseTask | ProveTask | BackupTask | RestoreTask,
    Field(discriminator="kind"),
]


class CareOrder(Document):
    """What a work ``care`` does."""

    task: Task


class Finding(Document):
    """Something that is wrong with a table: a code of :data:`jutong.library.care.examine.CODES`, and where."""

    code: str
    version: int = -1
    detail: str = ""


class TableCared(Document):
    """What was done to, or found in, one table; counts are of this work.

    ``good`` is the newest version that is whole and ours, -1 where there is none. ``rows`` are those an erasure took
    out, which emptied so many cells of others, or what a backup, restore or mending has; ``lost`` are versions that
    nobody can read any more because of it.
    """

    table: TableName
    version: int = -1
    good: int = -1
    rows: int = 0
    emptied: int = 0
    digest: str = ""
    files_written: int = 0
    files_removed: int = 0
    bytes_removed: int = 0
    lost: tuple[int, ...] = ()
    findings: tuple[Finding, ...] = ()
    problem_code: str = ""
    problem: str = ""


class CareResult(Document):
    """What came of a work ``care``.

    ``digest`` is SHA-256 over the erasure's or backup's own account; ``set_id`` names the backup. In ``remaining``
    files an erasure or its later proof still found the person, which must be 0; ``elsewhere`` counts files of the node
    outside of the library that hold the person (rows set aside by moves), which their owners clear. ``backups`` are
    older backups that still hold what was erased.
    """

    kind: str
    tables: tuple[TableCared, ...] = ()
    set_id: str = ""
    erasure_id: str = ""
    remaining: int = 0
    elsewhere: int = 0
    searched_files: int = 0
    backups: tuple[str, ...] = ()
    consents: tuple[Consent, ...] = ()
    ground: str = ""
    digest: str = ""
