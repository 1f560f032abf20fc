"""What is done on the library at the node itself, by its operator: run like any other work, and put on record.

What is to stand in the log lies in ``node/noted`` until the node has appended it; a node that is off does so when it is
on again. Whatever reads rows out is noted before the first row is handed over.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jutong.contracts.envelope import Document
from jutong.contracts.works import WorkOrder, WorkReceipt
from jutong.kernel.clock import Clock
from jutong.kernel.ids import uuid7
from jutong.node.agent.nightly import NOTED
from jutong.node.exchange.jobs import write_whole
from jutong.node.works.folder import WorkFolder
from jutong.node.works.run import Worker


def carry_out(home: Path, kind: str, body: Document, *, official: str, clock: Clock) -> WorkReceipt:
    """Carry out a work here and now, in this process; return how it ended.

    Args:
        home: the instance's data folder.
        kind: of work.
        body: its order.
        official: who has it done.
        clock: the present instant.

    Raises:
        OSError: when the disk does not take even the order, or the result.
    """
    from jutong.node.agent.works import record_of  # noqa: PLC0415 - the agent brings the gateway with it

    order = WorkOrder(work_id=str(uuid7()), kind=kind, body=body.model_dump(mode="json"))
    folder = WorkFolder(home, order.work_id)
    folder.accept(order)
    Worker(home, folder, clock, cancelled=threading.Event()).run()
    final = folder.result()
    if final is None:
        raise OSError(folder.path)
    note(home, {**record_of(order, final), "official": official})
    return final


def note(home: Path, record: Mapping[str, Any]) -> None:
    """Keep what is to stand in the log, durable before return."""
    folder = home / NOTED
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(folder / f"{record['record_id']}.json", json.dumps(record, ensure_ascii=False), durable=True)
