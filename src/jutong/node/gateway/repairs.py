"""Refused rows put right in the browser, at the node itself: the center lends the right to, and never sees a row.

Every opening is a leaf in the log under the person's name, and so is every replay.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from jutong.contracts.orders import RepairTicketOrder
from jutong.evidence import record as evidence_record
from jutong.kernel.i18n import gettext_noop
from jutong.node.exchange.jobs import JobFolder
from jutong.node.gateway.errors import TicketUnusableError, VisitStepError
from jutong.node.gateway.leaves import new_id
from jutong.node.gateway.recorder import Appends, Reports
from jutong.node.gateway.repair_pages import PAGE_ROWS, RepairPages, Shown
from jutong.node.gateway.visits import Visit
from jutong.node.gateway.work import WorkPage
from jutong.node.live.pool import Sources
from jutong.node.sources import SourceConfig, pick

if TYPE_CHECKING:
    from jutong.node.exchange.repair import Repair

PATH = "/gw/v1/repairs"
LONGEST_REASON = 200
MOST_SKIPPED = 10**9
Form = dict[str, str]


@dataclass
class Repairs:
    """What a visit to a quarantine does.

    Attributes:
        home: the instance's data folder.
        sources: the configured sources.
        sequencer: appends to the log.
        reports: told that a leaf is no call.
        sweep: puts replays on record.
        clock: seconds since 1970 UTC.
    """

    home: Path
    sources: Sources
    sequencer: Appends
    reports: Reports
    sweep: Callable[[], Awaitable[float]]
    clock: Callable[[], float]

    async def opened(self, visit: Visit[RepairTicketOrder]) -> None:
        """Put on record who looks at a quarantine, before a row is shown.

        Raises:
            TicketUnusableError: if the job's source is not the organisation's the ticket speaks for.
            JobUnknownError, SourceUnknownError: if there is no such job here any more.
            LogUnwritableError, LogStoppedError: nothing is on record, so nothing is shown.
        """
        order = await asyncio.to_thread(JobFolder(self.home, visit.order.job_id).order)
        source = pick(self.sources.configs, order.source)
        if source.organisation_code != visit.order.organisation_code:
            raise TicketUnusableError(problem=gettext_noop("任务不属于该部门"))
        rows = await asyncio.to_thread(self._in_repair, visit, lambda repair: repair.overview().rows)
        record = {
            "record_id": new_id(int(self.clock() * 1000)),
            "kind": "quarantine",
            "agreement_id": visit.order.job_id,
            "actor_dept": visit.order.organisation_code,
            "provider_dept": source.organisation_code,
            "official": visit.order.official,
            "post": visit.order.post,
            "source": order.source,
            "table": f"{order.schema_name}.{order.table}",
            "rows": rows,
        }
        now = datetime.fromtimestamp(self.clock(), UTC)
        leaf, attachment = evidence_record.build(record, now)
        index = await self.sequencer.append(leaf, attachment)
        self.reports.note(index, record)

    def _in_repair(self, visit: Visit[RepairTicketOrder], work: Callable[[Repair], int]) -> int:
        # Arrow comes with it; a node that only answers calls does without.
        from jutong.node.exchange.repair import Repair  # noqa: PLC0415

        folder = JobFolder(self.home, visit.order.job_id)
        with Repair(folder.path, folder.order(), visit.order.official) as repair:
            return work(repair)

    async def act(self, visit: Visit[RepairTicketOrder], form: Form, page: WorkPage) -> bytes:
        """Take a step and return the page that follows."""
        form.pop("visit", None)
        do = form.pop("do", "list")
        if do not in _STEPS:
            raise VisitStepError(problem=gettext_noop("没有这一步"))
        found = await asyncio.to_thread(self._step, visit, do, form, page)
        if do == "replay":
            await self.sweep()
        return found

    def _step(self, visit: Visit[RepairTicketOrder], do: str, form: Form, page: WorkPage) -> bytes:
        from jutong.node.exchange.repair import Repair  # noqa: PLC0415 - as above

        folder = JobFolder(self.home, visit.order.job_id)
        order = folder.order()
        source = pick(self.sources.configs, order.source)
        now = datetime.fromtimestamp(self.clock(), UTC)
        with Repair(folder.path, order, visit.order.official) as repair:
            step = _Step(self.home, source, repair, RepairPages(page, visit.token), page, form, now)
            return _STEPS[do](step)


@dataclass
class _Step:
    """One step of a visit at work."""

    home: Path
    source: SourceConfig
    repair: Repair
    pages: RepairPages
    page: WorkPage
    form: Form
    now: datetime

    def listing(self, notice: str = "", tone: str = "ok") -> bytes:
        skip = self.form.get("skip", "0")
        start = min(int(skip), MOST_SKIPPED) if skip.isdecimal() else 0
        rule, state = self.form.get("rule", ""), self.form.get("state", "")
        rows = list(self.repair.page(start, PAGE_ROWS + 1, rule=rule, state=state))
        overview = self.repair.overview()
        order = self.repair.order
        target = f"{order.into.source}:{order.into.schema_name}.{order.into.table}" if order.into else order.target
        shown = Shown(target, overview, rows[:PAGE_ROWS], start, rule, state, len(rows) > PAGE_ROWS)
        return self.pages.listing(shown, notice, tone)

    def afresh(self, notice: str, tone: str = "ok") -> bytes:
        """Return the rows that wait, with what happened."""
        self.form = {"state": "open"}
        return self.listing(notice, tone)

    def row(self) -> bytes:
        row = self.repair.row(self.form.get("row", ""))
        return self.pages.one(row, self.repair.texts(row), self.repair.decision(row))

    def reason(self) -> str:
        reason = self.form.get("reason", "").strip()
        if not reason or len(reason) > LONGEST_REASON:
            raise VisitStepError(problem=gettext_noop("要写依据，最多200个字"))
        return reason

    def fix(self) -> bytes:
        row = self.repair.row(self.form.get("row", ""))
        changes = self._changes(self.repair.texts(row))
        if not changes:
            raise VisitStepError(problem=gettext_noop("没有改动任何一个值"))
        self.repair.fix(row.name, changes, self.reason(), self.now, afresh=True)
        return self.afresh(self.page.say(gettext_noop("第 {row} 行的改正已记下，待写回。"), row=row.name))

    def _changes(self, before: dict[str, str | None]) -> dict[str, str | None]:
        changes: dict[str, str | None] = {}
        for field, name in self.form.items():
            if not field.startswith("c.") or name not in before:
                continue
            number = field[2:]
            text = self.form.get(f"v.{number}", "").replace("\r\n", "\n")
            value = None if not text and f"n.{number}" in self.form else text
            old = before[name]
            if value != (old.replace("\r\n", "\n") if old is not None else None):
                changes[name] = value
        return changes

    def drop(self) -> bytes:
        row = self.repair.row(self.form.get("row", ""))
        self.repair.drop(row.name, self.reason(), self.now)
        return self.afresh(self.page.say(gettext_noop("第 {row} 行已作废。"), row=row.name))

    def cause(self) -> bytes:
        rule = self.form.get("rule", "")
        found = next((one for one in self.repair.overview().causes if one.rule == rule), None)
        if found is None:
            raise VisitStepError(problem=gettext_noop("没有行不合这条规则"))
        return self.pages.cause(found, self.repair.values(rule))

    def fix_all(self) -> bytes:
        right: dict[str | None, str] = {}
        for field, text in self.form.items():
            if field.startswith("r.") and text:
                number = field[2:]
                if f"z.{number}" in self.form:
                    right[None] = text
                elif f"w.{number}" in self.form:
                    right[self.form[f"w.{number}"]] = text
        if not right:
            raise VisitStepError(problem=gettext_noop("没有填“改为”"))
        rows = self.repair.fix_all(self.form.get("rule", ""), right, self.reason(), self.now)
        return self.afresh(self.page.say(gettext_noop("{rows} 行的改正已记下，待写回。"), rows=f"{rows:,}"))

    def drop_all(self) -> bytes:
        rows = self.repair.drop_all(self.form.get("rule", ""), self.reason(), self.now)
        return self.afresh(self.page.say(gettext_noop("{rows} 行已作废。"), rows=f"{rows:,}"))

    def replay(self) -> bytes:
        from jutong.node.exchange.replay import Replay  # noqa: PLC0415 - brings the library with it

        done = Replay(self.repair, self.home, self.source).run(self.now)
        said = self.page.say(gettext_noop("写回 {rows} 行，存证后报告平台。"), rows=f"{done.written:,}")
        wrong = len({name for name, _, _ in done.still_wrong})
        if not wrong:
            return self.afresh(said)
        said += self.page.say(gettext_noop("还有 {rows} 行改正后仍不合规则，留在这里。"), rows=f"{wrong:,}")
        self.form = {"state": "fixed"}
        return self.listing(said, "warn")


_STEPS: dict[str, Callable[[_Step], bytes]] = {
    "list": _Step.listing,
    "row": _Step.row,
    "fix": _Step.fix,
    "drop": _Step.drop,
    "cause": _Step.cause,
    "fix-all": _Step.fix_all,
    "drop-all": _Step.drop_all,
    "replay": _Step.replay,
}
