"""What a call comes back with. ``raw`` is the answer's bytes, whose SHA-256 the access record holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from jutong.kernel.cells import CellKey
from jutong.kernel.keys import Ed25519Signer
from jutong.kernel.sealing import open_with

Row = dict[str, Any]


@dataclass(frozen=True)
class Mark:
    """A value that is in dispute: the correction, the items it concerns, and since when (ms since 1970 UTC).

    Attributes:
        said: the mark as the gateway tells it; where an answer has several rows it says which one it concerns.
    """

    correction: str
    items: tuple[str, ...]
    since_ms: int
    said: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Answer:
    """Rows by item, and the id of the access record."""

    record: str
    rows: list[Row]
    raw: bytes = field(repr=False)
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """Whether everything claimed is so; ``unknown`` when the department cannot say."""

    record: str
    answer: Literal["yes", "no", "unknown"]
    raw: bytes = field(repr=False)
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Found:
    """What one key of a batch found: ``found``, ``none``, ``unfit`` (it cannot be a key) or ``too-many`` rows."""

    outcome: str
    rows: list[Row]
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Batch:
    """One result for each key, in the order of the keys."""

    record: str
    results: list[Found]
    raw: bytes = field(repr=False)


@dataclass(frozen=True)
class Page:
    """Some rows, and the cursor that leads to those behind them; None at the end."""

    record: str
    rows: list[Row]
    next: str | None
    raw: bytes = field(repr=False)
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Change:
    """A stretch of the change feed.

    ``rows`` are as they are now; a row may come again. ``corrections`` are corrections of rows received earlier.
    Keep ``next`` once everything here is stored: the feed goes on from there, today or in a month. ``more`` says that
    there is more already.
    """

    record: str
    rows: list[Row]
    corrections: list[dict[str, Any]]
    next: str
    more: bool
    raw: bytes = field(repr=False)
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class FilePart:
    """A file of granted rows: what it is and for whom, its size and SHA-256, and where it is to be had for a while.

    The copy is this recipient's own: whoever finds it somewhere can tell whose it was.
    """

    record: str
    manifest: dict[str, Any]
    size: int
    sha256: str
    address: str
    expires_ms: int
    raw: bytes = field(repr=False)
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True)
class Lent:
    """An address that is good for a minute: files, a service, a stream or a camera behind a grant.

    Where the protocol takes no query, such as MQTT, ``token`` is shown to the server as its own sign-in asks.
    """

    record: str
    kind: str
    protocol: str
    address: str
    channel: str
    token: str
    expires_ms: int
    raw: bytes = field(repr=False)


@dataclass(frozen=True)
class Explained:
    """Which grant, clause and rules decide a call, and how; nothing was read. ``said`` is all of it."""

    record: str
    said: dict[str, Any]
    raw: bytes = field(repr=False)


@dataclass(frozen=True)
class Filter:
    """A condition that narrows a page, a change feed or a file: ``eq``, ``in``, ``prefix``, ``ge`` or ``le``."""

    item: str
    operator: Literal["eq", "in", "prefix", "ge", "le"]
    values: Sequence[str]


@dataclass(frozen=True)
class Proven:
    """A receipt that was checked: its text, the record it stands for, and the keys whose signatures are good."""

    receipt: str
    record: dict[str, Any]
    signers: tuple[str, ...]


def marks_of(content: dict[str, Any]) -> tuple[Mark, ...]:
    """Return the marks an answer shows."""
    return tuple(
        Mark(str(one.get("correction", "")), tuple(one.get("items", ())), int(one.get("since", 0)), one)
        for one in content.get("marks", ())
    )


@dataclass(frozen=True)
class SealedKey:
    """The key of one agreement's encrypted cells, in a box that the system's own key opens."""

    record: str
    agreement: str
    box: str = field(repr=False)
    raw: bytes = field(repr=False)

    def opened(self, signer: Ed25519Signer) -> CellKey:
        """Return the key; ``open`` of it gives back the value in a cell.

        Args:
            signer: the system's private key, as the call was signed with.

        Raises:
            UnreadableBoxError: for another key.
        """
        return CellKey(open_with(signer, self.box), self.agreement)
