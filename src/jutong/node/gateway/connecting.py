"""A database connected in four steps, at the node itself: the center lends the right to, and never sees an address.

The password stays in this process's memory until it is kept in the node's own configuration, and is in no page.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from jutong.contracts.orders import ConnectTicketOrder
from jutong.evidence import record as evidence_record
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.node import sources as source_file
from jutong.node.connecting import hosts
from jutong.node.connecting.errors import SourceTakenError
from jutong.node.connecting.keeping import keep
from jutong.node.connecting.trial import KINDS, Door, Kind, Trial, trial
from jutong.node.gateway.connect_pages import ConnectPages
from jutong.node.gateway.errors import VisitStepError
from jutong.node.gateway.leaves import new_id
from jutong.node.gateway.recorder import Appends, Reports
from jutong.node.gateway.visits import Visit, Visits
from jutong.node.gateway.work import WorkPage
from jutong.node.live.pool import Sources

PATH = "/gw/v1/connect"
MOST_TRIALS = 20
"""Trials in one visit: enough for mistakes, too few to try passwords or doors one after the other."""

LONGEST = 253
_TYPED = ("host", "port", "database", "user")
Form = dict[str, str]


@dataclass
class Connecting:
    """What a visit that connects a database does.

    Attributes:
        home: the instance's data folder.
        sources: the configured sources, which take the new one up.
        visits: the visits, to end one that is done.
        sequencer: appends to the log.
        reports: told that a leaf is no call.
        tell: tells the center what this node has now.
        clock: seconds since 1970 UTC.
    """

    home: Path
    sources: Sources
    visits: Visits[ConnectTicketOrder]
    sequencer: Appends
    reports: Reports
    tell: Callable[[], Awaitable[float]]
    clock: Callable[[], float]

    async def opened(self, visit: Visit[ConnectTicketOrder]) -> None:
        """Refuse a name that is taken before anything is typed.

        Raises:
            SourceTakenError: if this node has a source of the name.
        """
        if visit.order.source in self.sources.configs:
            raise SourceTakenError(source=visit.order.source)

    async def act(self, visit: Visit[ConnectTicketOrder], form: Form, page: WorkPage) -> bytes:
        """Take a step and return the page that follows."""
        pages = ConnectPages(page, visit.token, visit.order.source, visit.order.organisation_name)
        do = form.get("do", "kinds")
        kept = visit.kept
        if do == "try":
            return await self._try(visit, form, pages)
        if do == "address":
            return pages.address(_kind(form), {}, known_password=False)
        if do == "again" and "door" in kept:
            return pages.address(kept["door"].kind, kept["typed"], known_password=True)
        if do == "choose" and "trial" in kept:
            return pages.choose(kept["door"], kept["trial"])
        if do == "keep" and "trial" in kept:
            return await self._keep(visit, form, pages)
        return pages.kinds()

    async def _try(self, visit: Visit[ConnectTicketOrder], form: Form, pages: ConnectPages) -> bytes:
        kind, typed = _kind(form), {name: form.get(name, "").strip() for name in _TYPED}
        before: Door | None = visit.kept.get("door")
        password = form.get("password", "") or (before.password if before else visit.kept.get("password", ""))
        visit.kept["trials"] = visit.kept.get("trials", 0) + 1
        visit.kept.pop("trial", None)
        visit.kept["password"] = password
        if visit.kept["trials"] > MOST_TRIALS:
            raise VisitStepError(problem=gettext_noop("这次办理试连的次数太多，请回到平台重新开始"))
        try:
            door = await asyncio.to_thread(self._door, kind, typed, password)
            found = await asyncio.to_thread(trial, door)
        except JutongError as error:
            return pages.refused(kind, typed, error, known_password=bool(password))
        visit.kept |= {"door": door, "typed": typed, "trial": found}
        return pages.found(door, found)

    def _door(self, kind: Kind, typed: Form, password: str) -> Door:
        for name, text in (*typed.items(), ("password", password)):
            if not text or len(text) > LONGEST or not text.isprintable():
                raise VisitStepError(problem=gettext_noop("“{field}”没有填，太长，或含有看不见的字符"), field=name)
        port = int(typed["port"]) if typed["port"].isdecimal() and typed["port"].isascii() else 0
        if not 0 < port <= hosts.LARGEST_PORT:
            raise VisitStepError(problem=gettext_noop("端口应是1到65535的数"))
        allowed = hosts.load(self.home / hosts.FILE)
        address = hosts.address_of(typed["host"], port, allowed)
        return Door(kind, typed["host"].lower(), port, address, typed["database"], typed["user"], password)

    async def _keep(self, visit: Visit[ConnectTicketOrder], form: Form, pages: ConnectPages) -> bytes:
        door: Door = visit.kept["door"]
        found: Trial = visit.kept["trial"]
        row = _row(visit.order, door, found, form)
        config = await asyncio.to_thread(keep, self.home / source_file.FILE, row)
        self.sources.configs[config.name] = config
        self.visits.end(visit.token)
        record = {
            "record_id": new_id(int(self.clock() * 1000)),
            "kind": "connected",
            "agreement_id": config.name,
            "actor_dept": visit.order.organisation_code,
            "provider_dept": visit.order.organisation_code,
            "official": visit.order.official,
            "post": visit.order.post,
            "source": config.name,
            "dialect": config.dialect,
            "schemas": list(config.schemas),
            "writes": list(config.writes),
            "rows": 0,
        }
        leaf, attachment = evidence_record.build(record, datetime.fromtimestamp(self.clock(), UTC))
        index = await self.sequencer.append(leaf, attachment)
        self.reports.note(index, record)
        await self.tell()
        return pages.kept(index)


def _kind(form: Form) -> Kind:
    if form.get("kind") not in KINDS:
        raise VisitStepError(problem=gettext_noop("没有这种数据库"))
    return cast("Kind", form["kind"])


def _row(order: ConnectTicketOrder, door: Door, found: Trial, form: Form) -> dict[str, Any]:
    """Return the line of the configuration; only what the trial found can be chosen."""
    seen = [one.name for number, one in enumerate(found.schemas) if one.tables and form.get(f"s.{number}") == one.name]
    writes = [
        one.name for number, one in enumerate(found.schemas) if one.may_create and form.get(f"w.{number}") == one.name
    ]
    if not seen and not writes:
        raise VisitStepError(problem=gettext_noop("至少要勾选一个模式"))
    row: dict[str, Any] = {
        "name": order.source, "dialect": door.kind, "organisation_code": order.organisation_code, "dsn": door.dsn,
    }  # fmt: skip
    if door.kind == "postgresql":
        # No schema listed would mean all of them: what may be written is always seen as well.
        row |= {"schemas": list(dict.fromkeys([*seen, *writes])), "writes": writes}
    if door.kind == "mysql" and writes:
        row["writes"] = writes
    if door.kind in source_file.UNIVERSAL:
        row["schemas"] = seen
    return {**row, "zone": "Asia/Shanghai"} if form.get("zone") == "Asia/Shanghai" else row
