"""What the center orders about fused records: tickets for those who judge or look, and conflicts to be put right.

No value of a row is in any of it, but in boxes that one node closes for another (``kernel.sealing``).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from jutong.contracts.envelope import Document
from jutong.contracts.library import Feed, TableDefinition

View = Literal["review", "entity", "conflict"]
MOST_CONFLICTS = 500


class LibraryTicketOrder(Document):
    """Kind ``library-ticket``: opens one fused table at the node for one signed-in person, once.

    It travels through the person's browser; rows stay between browser and node, and every opening is a leaf in the
    node's log. ``view`` is what may be done: ``review`` judge the pairs that wait, ``entity`` look one entity up after
    another, ``conflict`` see the entity of the conflict ``subject`` and no other. Values up to the grade ``shown`` are
    on the page; those up to ``revealed`` once the person has said why; any other never. ``holder_code`` names whose
    library it is, ``purpose`` what the person opens it for, ``back`` the address at the center where a conflict is
    sent; empty where this person may not.
    """

    view: View
    library: str
    table: TableDefinition
    feeds: tuple[Feed, ...]
    subject: str = ""
    purpose: str
    back: str = ""
    shown: str
    revealed: str
    official: str
    post: str
    organisation_code: str
    holder_code: str
    valid_until_ms: int
    nonce: str


class Reader(Document):
    """A node at which readers of an entity are searched, and the public key boxes for it are closed with."""

    node: str
    public_key: str


class ConflictOrder(Document):
    """Body of work ``conflicts``: say of some conflicts of one cause which rows they are about, and how others stand.

    At most ``most`` open conflicts of ``field`` between the record of ``feed`` and the one that was believed, of
    ``believed_feed``, none of ``known``, or only the one ``only`` names. ``side`` is whose record is to be looked into.
    Its row is named by ``key_column`` of its source in a box for ``source_key``, and by the values people look it up
    with in a box for each of ``readers``. ``asked`` are conflicts whose standing is told besides.
    """

    library: str
    table: TableDefinition
    feeds: tuple[Feed, ...]
    field: str = ""
    feed: str = ""
    believed_feed: str = ""
    side: Literal["record", "believed"] = "record"
    most: Annotated[int, Field(ge=0, le=MOST_CONFLICTS)] = 0
    known: tuple[str, ...] = ()
    only: str = ""
    key_column: str = ""
    source_key: str = ""
    readers: tuple[Reader, ...] = ()
    asked: tuple[str, ...] = ()


class FoundConflict(Document):
    """One conflict and the boxes that name its row. ``row`` is a tag, equal for equal rows of one node.

    ``believed_code`` is the department whose value stands in the golden record.
    """

    conflict_id: str
    row: str
    locator: str
    boxes: tuple[tuple[str, str], ...]
    believed_code: str
    cause: str
    clue: str
    suggestion: str


class Standing(Document):
    """How a conflict stands: open, or ``closed`` as the fused table says and when; ``gone`` too if none is known."""

    conflict_id: str
    open: bool
    closed: str = ""
    at_ms: int = 0


class ConflictResult(Document):
    """What a work ``conflicts`` found in one version of the fused table; ``left`` of the cause were not told."""

    version: int
    found: tuple[FoundConflict, ...] = ()
    left: int = 0
    standing: tuple[Standing, ...] = ()
