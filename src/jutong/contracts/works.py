"""Work on the library that the center orders and a node carries out in a process of its own.

One cover for all kinds of work, since all of them run, are told of, cancelled and taken up again alike; each kind has
a document of its own for what is to do and one for what came of it.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from jutong.contracts.envelope import Document

WorkState = Literal["waiting", "running", "done", "failed", "cancelled"]


class WorkOrder(Document):
    """Kind ``work``: carry out one work; ``body`` is the document of its ``kind``."""

    work_id: str
    kind: str
    body: dict[str, Any]


class WorkControlOrder(Document):
    """Kind ``work-control``: end a work that waits or runs."""

    work_id: str


class WorkReceipt(Document):
    """Kind ``worked``: how a work stands. ``result`` is the kind's own document once it is done, empty before.

    ``phase`` is a code of the kind; ``done`` of ``total`` are in the phase's unit, 0 where it cannot be said.
    ``problem`` is an error as it is written out for people; ``problem_code`` its code.
    """

    work_id: str
    kind: str
    state: WorkState
    phase: str = ""
    done: int = 0
    total: int = 0
    problem: str = ""
    problem_code: str = ""
    result: dict[str, Any] = Field(default_factory=dict)
    log_leaf: int = -1
    started_ms: int = 0
    finished_ms: int = 0
