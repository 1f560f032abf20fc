"""The password of a connected database, changed at the node itself: typed, tried at that very database, then kept.

As in ``connecting`` it stays in this process's memory until it is kept, and is in no page, record or message. Nothing
else of the source changes: where it leads, its account and what may be seen and written stay as they were.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from jutong.contracts.orders import PasswordTicketOrder
from jutong.evidence import record as evidence_record
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.node import sources as source_file
from jutong.node.connecting import hosts
from jutong.node.connecting.errors import NameUnresolvedError
from jutong.node.connecting.keeping import change_password
from jutong.node.connecting.trial import KINDS, Door, Kind, trial
from jutong.node.gateway.connecting import LONGEST, MOST_TRIALS, Form
from jutong.node.gateway.errors import TicketUnusableError, VisitStepError
from jutong.node.gateway.leaves import new_id
from jutong.node.gateway.recorder import Appends, Reports
from jutong.node.gateway.visits import Visit, Visits
from jutong.node.gateway.work import WorkPage
from jutong.node.live.pool import Sources
from jutong.node.sources import UNIVERSAL, SourceConfig, pick

PATH = "/gw/v1/password"
CHANGE = gettext_noop("试连并保存")
NEW_PASSWORD = gettext_noop("新口令")
DONE = gettext_noop("口令已换，新的任务和调用用新口令。")
BACK_TO_PLATFORM = gettext_noop("现在可以回到平台。")
"""Said inside of f-strings, where the extraction of sentences does not look."""


@dataclass
class Renewing:
    """What a visit that changes a password does.

    Attributes:
        home: the instance's data folder.
        sources: the configured sources.
        visits: the visits, to end one that is done.
        sequencer: appends to the log.
        reports: told that a leaf is no call.
        tell: tells the center what this node has now.
        clock: seconds since 1970 UTC.
    """

    home: Path
    sources: Sources
    visits: Visits[PasswordTicketOrder]
    sequencer: Appends
    reports: Reports
    tell: Callable[[], Awaitable[float]]
    clock: Callable[[], float]

    async def opened(self, visit: Visit[PasswordTicketOrder]) -> None:
        """Refuse what has no password that could be changed here, before anything is typed.

        Raises:
            SourceUnknownError: if this node has no such source.
            TicketUnusableError: if it is another organisation's, or no database with an account.
        """
        _account(self._config(visit))

    def _config(self, visit: Visit[PasswordTicketOrder]) -> SourceConfig:
        config = pick(self.sources.configs, visit.order.source)
        if config.organisation_code != visit.order.organisation_code:
            raise TicketUnusableError(problem=gettext_noop("数据源不属于该部门"))
        return config

    async def act(self, visit: Visit[PasswordTicketOrder], form: Form, page: WorkPage) -> bytes:
        """Take a step and return the page that follows."""
        config = self._config(visit)
        password = form.get("password", "")
        if form.get("do") != "change":
            return _asked(page, visit.token, config)
        visit.kept["trials"] = visit.kept.get("trials", 0) + 1
        if visit.kept["trials"] > MOST_TRIALS:
            raise VisitStepError(problem=gettext_noop("这次办理试连的次数太多，请回到平台重新开始"))
        if not password or len(password) > LONGEST or not password.isprintable():
            text = gettext_noop("“{field}”没有填，太长，或含有看不见的字符")
            return _asked(page, visit.token, config, VisitStepError(problem=text, field="password"))
        try:
            await asyncio.to_thread(_try, config, password)
        except JutongError as error:
            return _asked(page, visit.token, config, error)
        changed = await asyncio.to_thread(change_password, self.home / source_file.FILE, config.name, password)
        await self.sources.renew(changed)
        self.visits.end(visit.token)
        index = await self._record(visit)
        await self.tell()
        note = page.say(gettext_noop("已存证，序号 {index}。口令保存在节点上，只有节点自己能读。"), index=index)
        return page.whole(
            page.say(gettext_noop("换口令")),
            f'{page.notice(page.say(DONE))}<section class="card"><div class="card-body stack-sm"><p>{note}</p>'
            f"<p>{page.say(BACK_TO_PLATFORM)}</p></div></section>",
        )

    async def _record(self, visit: Visit[PasswordTicketOrder]) -> int:
        order = visit.order
        record = {
            "record_id": new_id(int(self.clock() * 1000)),
            "kind": "password-changed",
            "agreement_id": order.source,
            "actor_dept": order.organisation_code,
            "provider_dept": order.organisation_code,
            "official": order.official,
            "post": order.post,
            "source": order.source,
            "rows": 0,
        }
        leaf, attachment = evidence_record.build(record, datetime.fromtimestamp(self.clock(), UTC))
        index = await self.sequencer.append(leaf, attachment)
        self.reports.note(index, record)
        return index


def _account(config: SourceConfig) -> tuple[Kind, str]:
    """Return kind of database and account of a source.

    Raises:
        TicketUnusableError: if it is no database with an address and an account.
    """
    parts = urlsplit(config.dsn)
    kind = next((kind for kind in KINDS if kind == config.dialect), None)
    if kind is None or not parts.hostname or not parts.username:
        raise TicketUnusableError(problem=gettext_noop("这个数据源没有在这里能换的口令"))
    return kind, unquote(parts.username)


def _try(config: SourceConfig, password: str) -> None:
    """Sign in at the database a source leads to, with another password.

    Raises:
        NameUnresolvedError, ConnectFailedError: saying in plain words why that does not work.
    """
    (kind, user), parts = _account(config), urlsplit(config.dsn)
    host, port = parts.hostname or "", parts.port or KINDS[kind][1]
    try:
        address = (parse_qs(parts.query).get("hostaddr") or hosts.resolve(host, port))[0]
    except (OSError, IndexError) as error:
        raise NameUnresolvedError(host=host) from error
    options = parts.query if kind in UNIVERSAL else ""
    database = unquote(parts.path.lstrip("/"))
    trial(Door(kind, host, port, address, database, user, password, config.driver, options))


def _asked(page: WorkPage, token: str, config: SourceConfig, error: JutongError | None = None) -> bytes:
    """Return the page that asks for the new password, with what was wrong with the one before."""
    say, (kind, user), notice = page.say, _account(config), ""
    if error is not None:
        explained, advice = page.explain(error)
        notice = f'<div class="alert" data-tone="bad" role="alert"><p><strong>{explained}</strong> {advice}</p></div>'
    lead = say(
        gettext_noop("数据源“{source}”，账号{user}。先在数据库里把口令换好，再填在这里；试连通过才会保存。"),
        source=config.name, user=user,
    )  # fmt: skip
    fields = (
        f'<div class="field"><label for="password">{say(NEW_PASSWORD)}</label><input class="input" id="password"'
        f' name="password" type="password" autocomplete="new-password" maxlength="{LONGEST}" required></div>'
        f'<div class="actions"><button class="btn btn-primary">{say(CHANGE)}</button></div>'
    )
    form = page.form(token, fields, css="card-body stack", do="change")
    head = f'<div class="card-head"><h2>{escape(KINDS[kind][0])}</h2></div>'
    body = f'<p class="lead">{lead}</p>{notice}<section class="card">{head}{form}</section>'
    return page.whole(say(gettext_noop("换口令")), body)
