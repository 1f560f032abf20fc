"""The addresses of the gateway at which people with a ticket of the center work at the node itself."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from jutong.contracts.fused import LibraryTicketOrder
from jutong.contracts.orders import ConnectTicketOrder, PasswordTicketOrder, RepairTicketOrder
from jutong.contracts.quality import QualityTicketOrder
from jutong.kernel.keys import Ed25519Verifier
from jutong.node.agent.center import Center
from jutong.node.gateway import connecting, defects, fused, renewing, repairs
from jutong.node.gateway.app import Gateway
from jutong.node.gateway.connecting import Connecting
from jutong.node.gateway.defects import Defects
from jutong.node.gateway.fused import FusedVisits
from jutong.node.gateway.recorder import Appends, Reports
from jutong.node.gateway.renewing import Renewing
from jutong.node.gateway.repairs import Repairs
from jutong.node.gateway.visits import Visits
from jutong.node.gateway.work import WorkDoor
from jutong.node.live.pool import Sources

Step = Callable[[], Awaitable[float]]


class Doors:
    """See the module.

    Args:
        home: the instance's data folder.
        gateway: gets the addresses.
        center: whose tickets count.
        live: the configured sources.
        sequencer: appends to the log.
        reports: told that a leaf is no call.
        started_ms: when the node started.
    """

    def __init__(
        self,
        home: Path,
        gateway: Gateway,
        center: Center,
        live: Sources,
        *,
        sequencer: Appends,
        reports: Reports,
        started_ms: int,
    ) -> None:
        self._home = home
        self._gateway = gateway
        self._center = center
        self._live = live
        self._sequencer = sequencer
        self._reports = reports
        self._started_ms = started_ms

    def open(self, sweep: Step, tell: Step) -> None:
        """Open them.

        Args:
            sweep: puts replays on record.
            tell: tells the center what this node has now.
        """
        self._open_repairs(sweep)
        self._open_connecting(tell)
        self._open_renewing(tell)
        self._open_fused()
        self._open_defects()

    def _keys(self) -> Mapping[str, Ed25519Verifier]:
        return self._center.verifiers

    def _open_repairs(self, sweep: Step) -> None:
        clock, path = self._gateway.clock, repairs.PATH
        visits = Visits(
            self._center.node, "repair-ticket", RepairTicketOrder,
            nonces=self._gateway.nonces, center_keys=self._keys, started_ms=self._started_ms,
        )  # fmt: skip
        work = Repairs(self._home, self._live, self._sequencer, self._reports, sweep, clock)
        self._gateway.pages["POST", path] = WorkDoor(path, visits, work.opened, work.act, clock)

    def _open_connecting(self, tell: Step) -> None:
        clock, path = self._gateway.clock, connecting.PATH
        visits = Visits(
            self._center.node, "connect-ticket", ConnectTicketOrder,
            nonces=self._gateway.nonces, center_keys=self._keys, started_ms=self._started_ms,
        )  # fmt: skip
        work = Connecting(self._home, self._live, visits, self._sequencer, self._reports, tell, clock)
        self._gateway.pages["POST", path] = WorkDoor(path, visits, work.opened, work.act, clock)

    def _open_renewing(self, tell: Step) -> None:
        clock, path = self._gateway.clock, renewing.PATH
        visits = Visits(
            self._center.node, "password-ticket", PasswordTicketOrder,
            nonces=self._gateway.nonces, center_keys=self._keys, started_ms=self._started_ms,
        )  # fmt: skip
        work = Renewing(self._home, self._live, visits, self._sequencer, self._reports, tell, clock)
        self._gateway.pages["POST", path] = WorkDoor(path, visits, work.opened, work.act, clock)

    def _open_fused(self) -> None:
        clock, path = self._gateway.clock, fused.PATH
        visits = Visits(
            self._center.node, "library-ticket", LibraryTicketOrder,
            nonces=self._gateway.nonces, center_keys=self._keys, started_ms=self._started_ms,
        )  # fmt: skip
        work = FusedVisits(self._home, self._sequencer, self._reports, clock)
        self._gateway.pages["POST", path] = WorkDoor(path, visits, work.opened, work.act, clock)

    def _open_defects(self) -> None:
        clock, path = self._gateway.clock, defects.PATH
        visits = Visits(
            self._center.node, "quality-ticket", QualityTicketOrder,
            nonces=self._gateway.nonces, center_keys=self._keys, started_ms=self._started_ms,
        )  # fmt: skip
        work = Defects(self._home, self._sequencer, self._reports, clock)
        self._gateway.pages["POST", path] = WorkDoor(path, visits, work.opened, work.act, clock)
