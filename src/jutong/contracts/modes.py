"""How the rows of a job meet those that its target has already, as data.

Without a mode a job replaces the target's content, whatever its columns were. ``keys`` are columns that together name
one row; a row without a key, or two rows with one, end the job with nothing moved. A ``watermark`` is a column that
only grows when a row is added or changed: numbers, dates or instants. What was the greatest at the source stands in
the same commit as the rows, and the next job of the target reads from there on.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jutong.contracts.envelope import Document
from jutong.contracts.rules import Column

Drift = Literal["freeze", "evolve", "aside"]
"""What happens when the rows have other columns than the target: the job ends, the target takes the columns that were
approved, or new columns stay out and are told."""

Deletes = Literal["hard", "soft", "kept"]
"""What happens to a row that the source no longer has: it goes, it stays with the moment it was missed, it stays."""

PERIOD = (
    r"^(-?[0-9]{1,38}(\.[0-9]{1,38})?|[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
    r"(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9])?)$"
)
"""How a bound of a period is written."""

MOST_KEYS = 8
MOST_APPROVED = 300
LONGEST_OVERLAP = 10**9

Keys = Annotated[tuple[Column, ...], Field(min_length=1, max_length=MOST_KEYS, strict=False)]

FROM, TO, DELETED = "jutong_from", "jutong_to", "jutong_deleted"
"""Columns a target gets besides the source's: since when and until when a version held (``history``), and since when a
row is missed (``soft``). In each the moment the job began; no moment in ``TO`` or ``DELETED`` means it is current."""


class ModeBase(Document):
    """What every mode has. ``approved`` are the columns that may be added or widened where drift is ``evolve``."""

    drift: Drift = "freeze"
    approved: Annotated[tuple[Column, ...], Field(max_length=MOST_APPROVED, strict=False)] = ()


class ReplaceMode(ModeBase):
    """The target's content is replaced by the source's."""

    kind: Literal["replace"] = "replace"


class AppendMode(ModeBase):
    """Rows behind the watermark are added; for tables whose rows never change and whose watermark never comes twice."""

    kind: Literal["append"] = "append"
    watermark: Column


class MergeMode(ModeBase):
    """Rows are added, or put in the place of those with their key; what the source no longer has stays.

    With a ``watermark`` only rows from there on are read, and ``overlap`` before it (seconds, or units of a number),
    so that a row whose transaction ended late is not missed. With ``history`` the former version of a changed row
    stays beside the new one.
    """

    kind: Literal["merge"] = "merge"
    keys: Keys
    watermark: Column | None = None
    overlap: Annotated[int, Field(ge=0, le=LONGEST_OVERLAP)] = 0
    history: bool = False


class DifferenceMode(ModeBase):
    """The source is read whole and compared by key: rows that are new, changed or gone are found without any log.

    With ``history`` former versions of changed and gone rows stay with the time they held; ``deletes`` then only tells
    whether a gone row's last version ends.
    """

    kind: Literal["difference"] = "difference"
    keys: Keys
    deletes: Deletes = "hard"
    history: bool = False


LOGGED = ("postgresql", "mysql")
"""Dialects of databases whose log can be read."""


class ChangesMode(DifferenceMode):
    """What was committed at the source since the last job is read from its log, in order and with every deletion.

    Only for tables of the library, from PostgreSQL, MariaDB and MySQL. ``publication`` is what the owner of a
    PostgreSQL publishes the table by. The first job reads the whole table and compares it by key; so does one with
    ``afresh``, which gives up the place in the log that was reached.
    """

    kind: Literal["changes"] = "changes"  # type: ignore[assignment]
    publication: Annotated[str, Field(min_length=1, max_length=63)] = "jutong"
    afresh: bool = False


Mode = Annotated[ReplaceMode | AppendMode | MergeMode | DifferenceMode | ChangesMode, Field(discriminator="kind")]


class Period(Document):
    """Values of a watermark: from ``first`` on, and before ``until``.

    Whole numbers and decimals as they are; days and instants as 2026-01-31 or 2026-01-31T08:00:00, in Beijing time
    where the column has instants, as the column has them where it has no zone.
    """

    first: Annotated[str, Field(pattern=PERIOD)]
    until: Annotated[str, Field(pattern=PERIOD)]
