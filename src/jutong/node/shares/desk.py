"""Profiles made and ended at the node itself, by a ticket of the center.

The token stands on the page that answers the making, once, and as a digest in the node's file; in no record or log.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape

from jutong.contracts.shares import ShareTicketOrder
from jutong.evidence import record as evidence_record
from jutong.kernel.clock import BEIJING
from jutong.kernel.i18n import gettext_noop
from jutong.node.gateway.errors import TicketUnusableError, VisitStepError
from jutong.node.gateway.leaves import new_id
from jutong.node.gateway.recorder import Appends, Reports
from jutong.node.gateway.visits import Visit
from jutong.node.gateway.work import WorkPage
from jutong.node.shares.offers import Offer, Offers
from jutong.node.shares.profiles import DAYS, Profile, Profiles, profile_file

PATH = "/gw/v1/shares"
LONGEST_CASE = 64
SHOWN = 50
MAKE = gettext_noop("生成配置文件")
END = gettext_noop("作废")
CASE = gettext_noop("办件号或事项编号")
CASE_HELP = gettext_noop("用这个文件读的每一次都记在这个编号名下。")
DAYS_LABEL = gettext_noop("有效期（天）")
DOWNLOAD = gettext_noop("下载配置文件")
ONCE = gettext_noop("文件里有口令，只在这一页出现一次；请保存在只有您能读的地方。")
MADE = gettext_noop("配置文件已生成。")
ENDED = gettext_noop("配置文件已作废，用它的读取从现在起都会被拒绝。")
START = gettext_noop("在Python里读取")
NONE_YET = gettext_noop("还没有配置文件。")
TABLE = gettext_noop("共享表")
ENTRY = gettext_noop("目录条目")
UNTIL = gettext_noop("用到")
WHO = gettext_noop("谁生成的")
CASE_HEAD = gettext_noop("事项")
STATE = gettext_noop("状态")
BACK = gettext_noop("返回")
DO = gettext_noop("操作")
GOOD, OVER, STOPPED = gettext_noop("可用"), gettext_noop("已过期"), gettext_noop("已作废")
TABLES = gettext_noop("能读的表")
PROFILES = gettext_noop("配置文件")
"""Said inside of f-strings, where the extraction of sentences does not look."""


@dataclass
class ShareDesk:
    """What a visit that makes or ends profiles does.

    Attributes:
        profiles: of this node.
        offers: what a system may read.
        endpoint: the address clients are given.
        sequencer: appends to the log.
        reports: told that a leaf is no call.
        clock: seconds since 1970 UTC.
    """

    profiles: Profiles
    offers: Offers
    endpoint: str
    sequencer: Appends
    reports: Reports
    clock: Callable[[], float]

    async def opened(self, visit: Visit[ShareTicketOrder]) -> None:
        """Refuse a system that has nothing to read here.

        Raises:
            TicketUnusableError: if it has none, or is another organisation's.
        """
        if not self._offered(visit):
            raise TicketUnusableError(problem=gettext_noop("这个信息系统在本节点没有可以用Delta Sharing读取的授权"))

    def _offered(self, visit: Visit[ShareTicketOrder]) -> list[Offer]:
        order = visit.order
        offers = self.offers.of(order.system_id, int(self.clock() * 1000))
        return [one for one in offers if one.grant.order.requester_code == order.organisation_code]

    async def act(self, visit: Visit[ShareTicketOrder], form: dict[str, str], page: WorkPage) -> bytes:
        """Take a step and return the page that follows."""
        do = form.get("do", "")
        if do == "make":
            return await self._make(visit, form, page)
        notice = ""
        if do == "end":
            now_ms = int(self.clock() * 1000)
            ended = await asyncio.to_thread(
                self.profiles.end, visit.order.system_id, form.get("profile", ""), now_ms
            )  # fmt: skip
            if ended is not None:
                await self._record(visit, "share-profile-ended", ended)
                notice = page.notice(page.say(ENDED))
        return self._overview(visit, page, notice)

    async def _make(self, visit: Visit[ShareTicketOrder], form: dict[str, str], page: WorkPage) -> bytes:
        order, now_ms = visit.order, int(self.clock() * 1000)
        days, case = form.get("days", ""), form.get("case", "").strip()
        if days not in {str(one) for one in DAYS}:
            raise VisitStepError(problem=gettext_noop("有效期须是所列之一"))
        if not case or len(case) > LONGEST_CASE or not case.isprintable():
            raise VisitStepError(problem=gettext_noop("请填写办件号或事项编号，不超过64个字"))
        if not self._offered(visit):
            raise TicketUnusableError(problem=gettext_noop("这个信息系统在本节点没有可以用Delta Sharing读取的授权"))
        profile, token = await asyncio.to_thread(
            lambda: self.profiles.make(
                days=int(days), now_ms=now_ms, system_id=order.system_id, system_name=order.system_name,
                organisation_code=order.organisation_code, official=order.official, post=order.post, case=case,
            )
        )  # fmt: skip
        index = await self._record(visit, "share-profile-made", profile)
        expires = datetime.fromtimestamp(profile.expires_ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        content = profile_file(profile, token, self.endpoint, expires)
        link = "data:application/json;base64," + base64.b64encode(content.encode()).decode()
        first = self._offered(visit)[0]
        code = (
            "import delta_sharing\n"
            f'delta_sharing.load_as_pandas("profile.share#{first.share}.{first.schema}.{first.table}")'
        )
        note = page.say(gettext_noop("已存证，序号 {index}。"), index=index)
        body = (
            f'{page.notice(page.say(MADE))}<section class="card"><div class="card-body stack">'
            f"<p>{page.say(ONCE)} {note}</p>"
            f'<div class="actions"><a class="btn btn-primary" download="profile.share" href="{link}">'
            f'{page.say(DOWNLOAD)}</a></div><h2>{page.say(START)}</h2><pre class="code">{escape(code)}</pre>'
            f"{page.button(visit.token, page.say(BACK), {})}</div></section>"
        )
        return page.whole(page.say(PROFILES), body)

    def _overview(self, visit: Visit[ShareTicketOrder], page: WorkPage, notice: str) -> bytes:
        say = page.say
        lead = say(
            gettext_noop(
                "信息系统“{system}”可以用任何支持Delta Sharing协议的工具读下面的表；"
                "行、字段和脱敏按授权执行，每次读取都会存证。"
            ),
            system=visit.order.system_name,
        )  # fmt: skip
        tables = "".join(
            f'<tr><th scope="row" class="mono">{escape(f"{one.share}.{one.schema}.{one.table}")}</th>'
            f"<td>{escape(one.grant.order.entry_name)}</td><td>{_day(one.grant.order.valid_until_ms)}</td></tr>"
            for one in self._offered(visit)
        )
        options = "".join(f'<option value="{one}">{one}</option>' for one in DAYS)
        form = page.form(
            visit.token,
            f'<div class="field"><label for="case">{say(CASE)}</label><input class="input" id="case" name="case"'
            f' maxlength="{LONGEST_CASE}" required aria-describedby="case-help"><p class="help" id="case-help">'
            f'{say(CASE_HELP)}</p></div><div class="field"><label for="days">{say(DAYS_LABEL)}</label>'
            f'<select class="select" id="days" name="days">{options}</select></div>'
            f'<div class="actions"><button class="btn btn-primary">{say(MAKE)}</button></div>',
            css="card-body stack", do="make",
        )  # fmt: skip
        rows = "".join(self._row(visit, one, page) for one in self.profiles.of_system(visit.order.system_id)[:SHOWN])
        head = _head(say(WHO), say(CASE_HEAD), say(UNTIL), say(STATE), say(DO))
        profiles = _table(say(PROFILES), head, rows) if rows else f'<p class="card-body note">{say(NONE_YET)}</p>'
        body = (
            f'{notice}<p class="lead">{lead}</p>'
            f'<section class="card"><div class="card-head"><h2>{say(TABLES)}</h2></div>'
            f"{_table(say(TABLES), _head(say(TABLE), say(ENTRY), say(UNTIL)), tables)}</section>"
            f'<section class="card"><div class="card-head"><h2>{say(MAKE)}</h2></div>{form}</section>'
            f'<section class="card"><div class="card-head"><h2>{say(PROFILES)}</h2></div>{profiles}</section>'
        )
        return page.whole("Delta Sharing", body)

    def _row(self, visit: Visit[ShareTicketOrder], profile: Profile, page: WorkPage) -> str:
        good = profile.good(int(self.clock() * 1000))
        state = GOOD if good else STOPPED if profile.ended_ms else OVER
        button = ""
        if good:
            button = page.button(
                visit.token, page.say(END), {"do": "end", "profile": profile.profile_id}, css="btn btn-sm btn-danger"
            )
        return (
            f'<tr><th scope="row">{escape(profile.official)}</th><td>{escape(profile.case)}</td>'
            f"<td>{_day(profile.expires_ms)}</td><td>{page.say(state)}</td><td>{button}</td></tr>"
        )

    async def _record(self, visit: Visit[ShareTicketOrder], kind: str, profile: Profile) -> int:
        order, now = visit.order, self.clock()
        record = {
            "record_id": new_id(int(now * 1000)),
            "kind": kind,
            "agreement_id": order.grant_number,
            "actor_dept": order.organisation_code,
            "provider_dept": order.organisation_code,
            "official": order.official,
            "post": order.post,
            "system_id": order.system_id,
            "profile": profile.profile_id,
            "case_number": profile.case,
            "expires_ms": profile.expires_ms,
            "rows": 0,
        }
        leaf, attachment = evidence_record.build(record, datetime.fromtimestamp(now, UTC))
        index = await self.sequencer.append(leaf, attachment)
        self.reports.note(index, record)
        return index


def _day(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC).astimezone(BEIJING):%Y-%m-%d %H:%M}"


def _head(*titles: str) -> str:
    return "".join(f'<th scope="col">{title}</th>' for title in titles)


def _table(caption: str, head: str, rows: str) -> str:
    return (
        f'<div class="table-wrap" tabindex="0" role="region" aria-label="{caption}"><table class="table">'
        f'<caption class="sr">{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )
