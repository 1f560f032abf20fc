"""Opens the door for statistics at a gateway, with the scripts its charts are drawn by."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from jutong.contracts.statistics import StatisticsTicketOrder
from jutong.kernel.keys import Ed25519Verifier
from jutong.node.gateway.app import Gateway
from jutong.node.gateway.recorder import Appends, Reports
from jutong.node.gateway.static import script
from jutong.node.gateway.visits import Visits
from jutong.node.gateway.work import WorkDoor
from jutong.node.statistics.desk import PATH, StatisticsDesk
from jutong.node.statistics.memory import FILE, Memory

SCRIPTS = ("echarts.min.js", "charts.js")


def open_statistics(
    home: Path,
    gateway: Gateway,
    *,
    node: str,
    center_keys: Callable[[], Mapping[str, Ed25519Verifier]],
    sequencer: Appends,
    reports: Reports,
    started_ms: int,
) -> None:
    """Open it.

    Args:
        home: the instance's data folder.
        gateway: gets the addresses.
        node: the node's name, which tickets are made out to.
        center_keys: the center's public key by id.
        sequencer: appends to the log.
        reports: told that a leaf is no call.
        started_ms: when the node started.
    """
    visits = Visits(
        node, "statistics-ticket", StatisticsTicketOrder,
        nonces=gateway.nonces, center_keys=center_keys, started_ms=started_ms,
    )  # fmt: skip
    memory = Memory(home.joinpath(*FILE))
    desk = StatisticsDesk(home, memory, gateway.serving.freshness, sequencer, reports, gateway.now)
    gateway.pages["POST", PATH] = WorkDoor(PATH, visits, desk.opened, desk.act, gateway.now)
    for name in SCRIPTS:
        gateway.pages["GET", f"/static/{name}"] = script(name)
