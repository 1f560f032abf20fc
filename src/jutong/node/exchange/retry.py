"""Which failures of a move may be gone when it is tried again, and how long to wait before that."""

from __future__ import annotations

from jutong.kernel.errors import JutongError

MOST_TRIES = 6
"""How often a move is tried from one finished chunk to the next."""

FIRST_PAUSE_MS = 10_000
LONGEST_PAUSE_MS = 900_000
_GROWTH = 3

_TRANSIENT = frozenset(
    ("node.source.unreachable", "node.exchange.source-lost", "node.exchange.target-lost", "library.table.busy",
     "node.changes.slot-busy", "node.changes.undecided", "node.files.arriving", "node.files.busy",
     "node.rest.page-refused", "node.store.lost", "node.peer.busy", "node.queue.messages-elsewhere")
)  # fmt: skip
_CUT_OR_WRONG = "sign-in refused"
_LASTING = frozenset(
    (
        "sign-in refused",
        "no such role or database",
        "no such database",
        "table or columns gone",
        "statement timeout",
        "no such folder",
        "no such bucket",
        "certificate refused",
        "key file open to others",
    )
)
"""Reasons that no waiting changes."""


def transient(error: JutongError, *, first: bool = False) -> bool:
    """Tell whether the same move may succeed later without anybody's doing.

    Args:
        error: why it failed.
        first: it had not failed before. A sign-in that the network cut off looks to the server like a wrong password,
            so it is tried once more.
    """
    reason = error.fields.get("reason")
    return error.code in _TRANSIENT and (reason not in _LASTING or (first and reason == _CUT_OR_WRONG))


def pause_ms(tries: int) -> int:
    """Return how long to wait after so many tries that failed, at least one."""
    return min(FIRST_PAUSE_MS * int(_GROWTH ** (tries - 1)), LONGEST_PAUSE_MS)
