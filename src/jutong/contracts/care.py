"""How gently a move treats the database it reads from, and when it may read at all."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from jutong.contracts.envelope import Document

MOST_PRIORITY = 9
USUAL_PRIORITY = 5
LONGEST_STATEMENT = 86_400


class Hours(Document):
    """When something is allowed, in minutes after midnight in Beijing; ``days`` counts Monday as 1.

    A last minute before the first one is the morning after.
    """

    days: tuple[int, ...]
    first_minute: int
    last_minute: int


class Care(Document):
    """What a move may take of its source. 0 and no hours mean: no limit of this order's own.

    ``rows_per_second`` and ``bytes_per_second`` (of Arrow buffers, before rules) are kept to over the whole move.
    Outside of ``hours`` the move stops behind its last finished chunk and goes on when they begin again.
    ``statement_seconds`` ends one statement, reading at the limited rate included; ``lock_seconds`` the waiting for a
    lock.
    """

    rows_per_second: Annotated[int, Field(ge=0, le=10**9)] = 0
    bytes_per_second: Annotated[int, Field(ge=0, le=10**12)] = 0
    hours: tuple[Hours, ...] = ()
    statement_seconds: Annotated[int, Field(ge=0, le=LONGEST_STATEMENT)] = 0
    lock_seconds: Annotated[int, Field(ge=0, le=LONGEST_STATEMENT)] = 0
