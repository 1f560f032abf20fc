"""What a move asks where rows come from a stream of messages; the driver is loaded only for an order over one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from jutong.contracts.orders import JobOrder
from jutong.library.overwrite import Proof
from jutong.node.exchange.modes.since import Since
from jutong.node.sources import SourceConfig


def asked_for(source: SourceConfig) -> bool:
    """Tell whether a source is a stream of messages."""
    return source.dialect == "nats"


def since_of(
    source: SourceConfig, order: JobOrder, position: Callable[[str], tuple[str, int]], earlier: Since | None
) -> Since:
    """Return behind which message an order reads; see ``readers.queue.since_of``."""
    from jutong.node.exchange.readers import queue  # noqa: PLC0415

    return queue.since_of(source, order, position, earlier)


def confirm(source: SourceConfig, proof: Proof, folder: Path) -> None:
    """Acknowledge what a job took, behind its commit; see ``readers.queue.confirm``."""
    if asked_for(source):
        from jutong.node.exchange.readers import queue  # noqa: PLC0415

        queue.confirm(source, proof, folder)


def of_messages(source: SourceConfig, folder: Path, proof: Proof) -> dict[str, Any]:
    """Return the fields of a receipt that only messages have."""
    if not asked_for(source):
        return {}
    from jutong.node.exchange.readers import queue  # noqa: PLC0415

    return {"messages": queue.drained_by(folder), "position": proof.position.partition(" ")[0]}
