"""Fused records in people's hands, at the node itself: the center lends the right to, and never sees a row.

Every opening is a leaf in the log under the person's name: of the table, of a pair, of an entity; and so is every
judgement, and every time somebody asks for values that are masked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from jutong.contracts.fused import LibraryTicketOrder
from jutong.evidence import record as evidence_record
from jutong.kernel.i18n import gettext_noop
from jutong.node.fused.errors import OutsideTicketError
from jutong.node.gateway.errors import VisitStepError
from jutong.node.gateway.leaves import new_id
from jutong.node.gateway.recorder import Appends, Reports
from jutong.node.gateway.visits import Visit
from jutong.node.gateway.work import WorkPage

if TYPE_CHECKING:
    from jutong.node.fused.reading import Fusion, Pair
    from jutong.node.gateway.fused_pages import FusedPages

PATH = "/gw/v1/library"
LONGEST_REASON = 200
MOST_SKIPPED = 10**6
VERDICTS: dict[str, Literal["same", "different", "unsure"]] = {
    "same": "same", "different": "different", "unsure": "unsure",
}  # fmt: skip
Form = dict[str, str]


@dataclass
class Leaf:
    """What goes on record before the page that shows it is sent."""

    kind: str
    rows: int
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass
class FusedVisits:
    """What a visit to a fused table does.

    Attributes:
        home: the instance's data folder.
        sequencer: appends to the log.
        reports: told that a leaf is no call.
        clock: seconds since 1970 UTC.
    """

    home: Path
    sequencer: Appends
    reports: Reports
    clock: Callable[[], float]
    _judging: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def opened(self, visit: Visit[LibraryTicketOrder]) -> None:
        """Put on record who opens a table and what for, before a row is shown.

        Raises:
            NothingFusedError: if it was never fused here.
            LogUnwritableError, LogStoppedError: nothing is on record, so nothing is shown.
        """
        version = await asyncio.to_thread(self._version, visit.order)
        await self._record(visit, Leaf("library", 0, {"view": visit.order.view, "version": version}))

    def _version(self, order: LibraryTicketOrder) -> int:
        # Arrow and an engine come with it; a node that only answers calls does without.
        from jutong.node.fused.reading import reading  # noqa: PLC0415

        with reading(self.home, order.library, order.table, order.feeds) as fusion:
            return fusion.version

    async def _record(self, visit: Visit[LibraryTicketOrder], leaf: Leaf) -> None:
        order = visit.order
        record = {
            "record_id": new_id(int(self.clock() * 1000)),
            "kind": leaf.kind,
            "agreement_id": f"{order.library}.{order.table.name}",
            "actor_dept": order.organisation_code,
            "provider_dept": order.holder_code,
            "official": order.official,
            "post": order.post,
            "purpose": order.purpose,
            "entry_code": "",
            "rows": leaf.rows,
            **leaf.facts,
        }
        made, attachment = evidence_record.build(record, datetime.fromtimestamp(self.clock(), UTC))
        index = await self.sequencer.append(made, attachment)
        self.reports.note(index, record)

    async def act(self, visit: Visit[LibraryTicketOrder], form: Form, page: WorkPage) -> bytes:
        """Take a step and return the page that follows, once what it shows is on record."""
        form.pop("visit", None)
        do = form.pop("do", "list")
        if do not in _STEPS:
            raise VisitStepError(problem=gettext_noop("没有这一步"))
        async with self._judging:
            content, leaves = await asyncio.to_thread(self._step, visit, do, form, page)
        for leaf in leaves:
            await self._record(visit, leaf)
        return content

    def _step(self, visit: Visit[LibraryTicketOrder], do: str, form: Form, page: WorkPage) -> tuple[bytes, list[Leaf]]:
        from jutong.node.fused.reading import reading  # noqa: PLC0415 - as above

        order = visit.order
        with reading(self.home, order.library, order.table, order.feeds) as fusion:
            now = datetime.fromtimestamp(self.clock(), UTC)
            step = _Step(self.home, visit, fusion, page, form, now)
            return _STEPS[do](step), step.leaves


@dataclass
class _Step:
    """One step of a visit at work."""

    home: Path
    visit: Visit[LibraryTicketOrder]
    fusion: Fusion
    page: WorkPage
    form: Form
    now: datetime
    leaves: list[Leaf] = field(default_factory=list)

    @property
    def view(self) -> str:
        return self.visit.order.view

    def pages(self) -> FusedPages:
        from jutong.node.fused.showing import Eyes  # noqa: PLC0415 - code tables come with it
        from jutong.node.gateway.fused_pages import FusedPages  # noqa: PLC0415 - as above

        order = self.visit.order
        eyes = Eyes(order.shown, order.revealed, said="why" in self.visit.kept)
        return FusedPages(self.page, self.visit.token, self.fusion, eyes, order.back)

    def only(self, *views: str, step: str) -> None:
        """Refuse a step the ticket is not for.

        Raises:
            OutsideTicketError: as said.
        """
        if self.view not in views:
            raise OutsideTicketError(step=step)

    def first(self) -> bytes:
        """Return the page a visit begins with."""
        if self.view == "review":
            return self.queue()
        if self.view == "conflict":
            return self.show(self.fusion.conflict(self.visit.order.subject).entity_id)
        return self.pages().search(conflicts=True)

    def queue(self, notice: str = "") -> bytes:
        from jutong.node.gateway.fused_pages import Waiting  # noqa: PLC0415 - as above

        return self.pages().queue(Waiting(self.fusion.waiting(), self.visit.kept.get("judged", 0)), notice)

    def pair(self) -> bytes:
        self.only("review", step=gettext_noop("判断"))
        found = self.fusion.next_pair(
            cause=self.form.get("cause", ""), verdict=self.form.get("verdict", ""), after=self.form.get("after", ""),
            review_id=self.form.get("review", ""),
        )  # fmt: skip
        return self.shown(found)

    def shown(self, found: Pair | None, notice: str = "") -> bytes:
        if found is None:
            return self.queue(notice)
        self.leaves.append(Leaf("review", 2, {"subject": found.review_id}))
        return self.pages().pair(found, notice)

    def judge(self) -> bytes:
        from jutong.library.fusion.decisions import decide  # noqa: PLC0415 - the library comes with it
        from jutong.library.fusion.manifest import Fused  # noqa: PLC0415 - as above

        self.only("review", step=gettext_noop("判断"))
        verdict, before = self.form.get("verdict", ""), self.form.get("verdict_before", "")
        if verdict not in VERDICTS:
            raise VisitStepError(problem=gettext_noop("要从三种判断里选一种"))
        ground = self._reason("ground", gettext_noop("要写依据，最多200个字"))
        found = self.fusion.next_pair(review_id=self.form.get("review", ""))
        assert found is not None  # noqa: S101 - an id that is not there raises
        order = self.visit.order
        left, right = found.left, found.right
        decide(
            Fused(self.home / "library", order.library, order.table.name), left=(left.feed, left.key),
            right=(right.feed, right.key), verdict=VERDICTS[verdict], ground=ground, by=order.official, now=self.now,
        )  # fmt: skip
        self.visit.kept["judged"] = self.visit.kept.get("judged", 0) + 1
        self.leaves.append(Leaf("judged", 2, {"subject": found.review_id, "verdict": verdict}))
        return self._after(found, before)

    def _after(self, judged: Pair, before: str) -> bytes:
        """Return the next pair of the same kind; the decision just made is read back with it."""
        from jutong.node.fused.reading import reading  # noqa: PLC0415 - as above

        order = self.visit.order
        with reading(self.home, order.library, order.table, order.feeds) as fresh:
            self.fusion = fresh
            found = fresh.next_pair(cause=judged.cause, verdict=before, after=judged.review_id)
            return self.shown(found, self.page.say(gettext_noop("已记下。")))

    def _reason(self, name: str, problem: str) -> str:
        text = self.form.get(name, "").strip()
        if not text or len(text) > LONGEST_REASON or "\x00" in text:
            raise VisitStepError(problem=problem)
        return text

    def find(self) -> bytes:
        self.only("entity", step=gettext_noop("查找"))
        rows = self.fusion.find(self.form.get("by", ""), self.form.get("value", "").strip())
        if not rows:
            from jutong.node.gateway.fused_pages import NO_ENTITY  # noqa: PLC0415 - as above

            return self.pages().search(self.page.say(NO_ENTITY), conflicts=True)
        if len(rows) == 1:
            return self.show(rows[0][0])
        self.leaves.append(Leaf("entities", len(rows)))
        return self.pages().found(rows)

    def entity(self) -> bytes:
        entity_id = self.form.get("entity", "")
        if self.view == "conflict" and self.fusion.conflict(self.visit.order.subject).entity_id != entity_id:
            raise OutsideTicketError(step=gettext_noop("看别的记录"))
        return self.show(entity_id)

    def show(self, entity_id: str) -> bytes:
        found = self.fusion.entity(entity_id)
        self.leaves.append(Leaf("entity", 1, {"subject": found.entity_id}))
        return self.pages().entity(found, back=self.view != "conflict")

    def conflicts(self) -> bytes:
        from jutong.node.fused.reading import Cause  # noqa: PLC0415 - as above
        from jutong.node.gateway.fused_pages import PAGE_ROWS  # noqa: PLC0415 - as above

        self.only("entity", step=gettext_noop("看冲突列表"))
        called, _, feed = self.form.get("which", "").partition(" ")
        skip = self.form.get("skip", "0")
        start = min(int(skip), MOST_SKIPPED) if skip.isdecimal() else 0
        rows = self.fusion.open_conflicts(Cause(called, feed), limit=PAGE_ROWS + 1, skip=start)
        self.leaves.append(Leaf("conflicts", len(rows[:PAGE_ROWS])))
        return self.pages().conflicts(rows, self.fusion.causes(), (called, feed), start)

    def reveal(self) -> bytes:
        why = self._reason("why", gettext_noop("要写明原因，最多200个字"))
        self.visit.kept["why"] = why
        then = {name[5:]: value for name, value in self.form.items() if name.startswith("then_")}
        self.leaves.append(Leaf("revealed", 1, {"subject": then.get("entity") or then.get("review", ""), "why": why}))
        self.form = then
        do = then.pop("do", "list")
        return self.entity() if do == "entity" else self.pair() if do == "pair" else self.first()


_STEPS: dict[str, Callable[[_Step], bytes]] = {
    "list": _Step.first,
    "pair": _Step.pair,
    "judge": _Step.judge,
    "find": _Step.find,
    "entity": _Step.entity,
    "conflicts": _Step.conflicts,
    "reveal": _Step.reveal,
}
