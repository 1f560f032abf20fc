"""Rows that break a rule of quality, looked at in the browser at the node: the center counts, and never sees a row.

Every opening is a leaf in the log under the person's name before a row is shown, and so is every page and the reason
for which masked values were seen.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jutong.contracts.library import FieldDefinition
from jutong.contracts.quality import CheckedField, QualityTicketOrder
from jutong.evidence import record as evidence_record
from jutong.kernel.i18n import gettext_noop
from jutong.node.gateway.errors import VisitStepError
from jutong.node.gateway.leaves import new_id
from jutong.node.gateway.recorder import Appends, Reports
from jutong.node.gateway.visits import Visit
from jutong.node.gateway.work import WorkPage

if TYPE_CHECKING:
    from jutong.node.fused.showing import Eyes

PATH = "/gw/v1/defects"
PAGE_ROWS = 20
MOST_SKIPPED = 10**6
MEMORY_MB = 256
LONGEST_REASON = LONGEST_SHOWN = 200
Form = dict[str, str]
Rows = Sequence[Sequence[Any]]


@dataclass
class Defects:
    """What a visit to failing rows does.

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
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def opened(self, visit: Visit[QualityTicketOrder]) -> None:
        """Put on record who opens which rule's rows, before one is shown.

        Raises:
            LogUnwritableError, LogStoppedError: nothing is on record, so nothing is shown.
        """
        await self._record(visit.order, "defects", 0, {"rule": visit.order.check.rules[0].id})

    async def act(self, visit: Visit[QualityTicketOrder], form: Form, page: WorkPage) -> bytes:
        """Take a step and return the page that follows, once what it shows is on record.

        Raises:
            VisitStepError: for a step there is none of.
            TableUnknownError, TableTouchedError: if the version is not there any more.
            RuleUncompilableError: if the rule does not fit the table any more.
        """
        do = form.get("do", "list")
        if do not in {"list", "reveal"}:
            raise VisitStepError(problem=gettext_noop("没有这一步"))
        if do == "reveal":
            why = form.get("why", "").strip()
            if not why or len(why) > LONGEST_REASON or "\x00" in why:
                raise VisitStepError(problem=gettext_noop("要写明原因，最多200个字"))
            visit.kept["why"] = why
            await self._record(visit.order, "revealed", 0, {"rule": visit.order.check.rules[0].id, "why": why})
        skip = form.get("skip", "0")
        start = min(int(skip), MOST_SKIPPED) if skip.isdecimal() and len(skip) <= len(str(MOST_SKIPPED)) else 0
        async with self._looking:
            columns, rows = await asyncio.to_thread(self._rows, visit.order, start)
        told = rows[:PAGE_ROWS]
        await self._record(visit.order, "defect-rows", len(told), {"rule": visit.order.check.rules[0].id})
        return _Pages(page, visit).listing(columns, told, start, more=len(rows) > PAGE_ROWS)

    def _rows(self, order: QualityTicketOrder, skip: int) -> tuple[list[str], Rows]:
        # An engine comes with it; a node that only answers calls does without.
        from jutong.library.engine import EngineSetting, open_engine  # noqa: PLC0415
        from jutong.library.quality.failing import failing  # noqa: PLC0415

        folder = self.home / "node" / "looking"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with (
            tempfile.TemporaryDirectory(dir=folder) as scratch,
            open_engine(EngineSetting(memory_mb=MEMORY_MB), Path(scratch)) as engine,
        ):
            return failing(
                engine, order.check, self.home / "library", rule_id=order.check.rules[0].id,
                span=(skip, PAGE_ROWS + 1), now=datetime.fromtimestamp(self.clock(), UTC),
            )  # fmt: skip

    async def _record(self, order: QualityTicketOrder, kind: str, rows: int, facts: dict[str, Any]) -> None:
        table = order.check.table
        record = {
            "record_id": new_id(int(self.clock() * 1000)),
            "kind": kind,
            "agreement_id": f"{table.zone}/{table.code}/{table.name}",
            "actor_dept": order.organisation_code,
            "provider_dept": order.organisation_code,
            "official": order.official,
            "post": order.post,
            "rows": rows,
            **facts,
        }
        leaf, attachment = evidence_record.build(record, datetime.fromtimestamp(self.clock(), UTC))
        index = await self.sequencer.append(leaf, attachment)
        self.reports.note(index, record)


class _Pages:
    """Writes the page of one visit. Every value is escaped where it is put in."""

    def __init__(self, page: WorkPage, visit: Visit[QualityTicketOrder]) -> None:
        from jutong.node.fused.showing import Eyes  # noqa: PLC0415 - code tables come with it

        self._page = page
        self._say = page.say
        self._visit = visit
        self._order = visit.order
        self._fields = {one.name: one for one in self._order.check.fields}
        self._eyes: Eyes = Eyes(self._order.shown, self._order.revealed, said="why" in visit.kept)
        rule = self._order.check.rules[0].model_dump()
        self._asked = {rule.get("field"), rule.get("other") if isinstance(rule.get("other"), str) else None}
        self._asked |= set(rule.get("fields") or ()) | {rule.get("when")}

    def listing(self, columns: list[str], rows: Rows, skip: int, *, more: bool) -> bytes:
        say = self._say
        shown = sorted(range(len(columns)), key=lambda at: (at > 0, columns[at] not in self._asked))
        head = "".join(f'<th scope="col">{escape(self._title(columns[at]))}</th>' for at in shown)
        body = "".join(f"<tr>{''.join(self._cell(columns[at], row[at]) for at in shown)}</tr>" for row in rows)
        if not rows:
            body = f'<tr><td colspan="{len(columns)}">{say(NO_ROWS)}</td></tr>'
        lead = say(
            gettext_noop(
                "{table}，第{version}版。行只在您的浏览器和本节点之间传递，平台看不到；打开和每一页都已存证。"
            ),
            table=self._order.title,
            version=self._order.check.version,
        )
        title = escape(self._order.said)
        return self._page.whole(
            say(gettext_noop("不合规的行")),
            f'<p class="lead">{lead}</p><section class="card"><div class="card-head"><h2>{title}</h2></div>'
            f'<div class="table-wrap" tabindex="0" role="region" aria-label="{title}"><table class="table">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{self._pager(skip, more=more)}</section>"
            f"{self._reveal()}",
        )

    def _title(self, column: str) -> str:
        found = self._fields.get(column)
        return found.title if found else self._page.say(gettext_noop("记录"))

    def _cell(self, column: str, value: str | None) -> str:
        found = self._fields.get(column)
        if value is None:
            return f'<td><span class="note">（{self._say(NO_VALUE)}）</span></td>'
        # A register's key may be the number of a person; it is as high as the highest field.
        seen = self._eyes.see(_definition(found) if found else self._key(), value)
        text = escape((seen or "")[:LONGEST_SHOWN])
        return f'<td class="mono nw">{f"<b>{text}</b>" if column in self._asked else text}</td>'

    def _key(self) -> FieldDefinition:
        from jutong.node.fused.showing import rank  # noqa: PLC0415 - as above

        highest = max(self._order.check.fields, key=lambda one: rank(one.grade))
        return FieldDefinition(name=highest.name, title=highest.title, grade=highest.grade)

    def _pager(self, skip: int, *, more: bool) -> str:
        buttons, token = "", self._visit.token
        if skip:
            buttons += self._page.button(
                token, self._say(gettext_noop("上一页")), {"do": "list", "skip": str(max(0, skip - PAGE_ROWS))}
            )
        if more:
            buttons += self._page.button(
                token, self._say(gettext_noop("下一页")), {"do": "list", "skip": str(skip + PAGE_ROWS)}
            )
        return f'<div class="card-foot actions">{buttons}</div>' if buttons else ""

    def _reveal(self) -> str:
        hidden = [one for one in self._order.check.fields if not self._eyes.sees(_definition(one))]
        if not any(self._eyes.could_see(_definition(one)) for one in hidden):
            return ""
        say = self._say
        label, hint = say(gettext_noop("原因")), say(gettext_noop("例如“改正身份号码要看原值”；会存证。"))
        content = (
            f'<div class="field"><label for="why">{label}</label><p class="hint" id="why-hint">{hint}</p>'
            f'<input class="input" id="why" name="why" maxlength="{LONGEST_REASON}" required'
            f' aria-describedby="why-hint"></div><button class="btn">{say(SEE_MASKED)}</button>'
        )
        form = self._page.form(self._visit.token, content, css="card-body stack", do="reveal")
        return f'<section class="card"><div class="card-head"><h2>{say(SEE_MASKED)}</h2></div>{form}</section>'


NO_ROWS = gettext_noop("没有不合规的行。")
NO_VALUE = gettext_noop("没有值")
SEE_MASKED = gettext_noop("查看脱敏的字段")
"""Said inside of f-strings, where the extraction of sentences does not look."""


def _definition(found: CheckedField) -> FieldDefinition:
    return FieldDefinition(name=found.name, title=found.title, grade=found.grade)
