"""The four pages on which a database is connected. Every value is escaped where it is put in; no password is shown."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.node.connecting.trial import KINDS, Door, Kind, Schema, Trial
from jutong.node.gateway.work import WorkPage
from jutong.node.sources import WRITABLE

STEPS = (
    gettext_noop("选种类"),
    gettext_noop("填地址和账号"),
    gettext_noop("试连"),
    gettext_noop("选范围"),
)

PASSWORD = gettext_noop("口令")
NOTHING_WRITTEN = gettext_noop("没有勾选“允许写入”的模式，任何任务都写不进去。")
IN_BEIJING = gettext_noop("不带时区的日期时间是北京时间")
CONNECT = gettext_noop("连接")
KIND_OF_DATABASE = gettext_noop("数据库的种类")
BACK_TO_PLATFORM = gettext_noop("现在可以回到平台，把目录挂接到这些表。")
NO_RIGHT = gettext_noop("账号无权")
STEPS_OF_CONNECTING = gettext_noop("连接步骤")
"""Said inside of f-strings, where the extraction of sentences does not look."""
KIND_NOTES: dict[Kind, str] = {
    "postgresql": gettext_noop("可以读，也可以指定允许写入的模式"),
    "mysql": gettext_noop("只读；一次连一个库"),
    "oracle": gettext_noop("只读；12.1及以后的版本，节点须装有驱动"),
    "mssql": gettext_noop("只读；节点须装有ODBC驱动"),
    "dameng": gettext_noop("只读；节点须装有达梦的ODBC驱动"),
    "kingbase": gettext_noop("只读；节点须装有金仓或PostgreSQL的ODBC驱动"),
}
DATABASE_HINTS: dict[Kind, str] = {
    "oracle": gettext_noop("填服务名（service name），不是SID。"),
    "dameng": gettext_noop("实例的数据库名，通常是DAMENG。"),
}


class ConnectPages:
    """Writes the pages of one visit.

    Args:
        page: the frame, in the visitor's language.
        token: of the visit.
        source: name of the source to be.
        owner: name of the organisation it is for.
    """

    def __init__(self, page: WorkPage, token: str, source: str, owner: str) -> None:
        self._page = page
        self._say = page.say
        self._token = token
        self._source = source
        self._owner = owner

    def _whole(self, at: int, content: str) -> bytes:
        say = self._say
        items = []
        for number, label in enumerate(STEPS):
            mark = ' data-state="done"' if number < at else ' aria-current="step"' if number == at else ""
            items.append(f"<li{mark}><span>{say(label)}</span></li>")
        lead = say(
            gettext_noop("{owner}的数据源“{source}”。地址和口令只交给本节点，平台看不到。"),
            owner=self._owner,
            source=self._source,
        )
        steps = f'<ol class="steps" aria-label="{say(STEPS_OF_CONNECTING)}">{"".join(items)}</ol>'
        return self._page.whole(say(gettext_noop("连接数据库")), f'<p class="lead">{lead}</p>{steps}{content}')

    def _back(self, label: str, do: str) -> str:
        return self._page.button(self._token, self._say(label), {"do": do})

    def kinds(self) -> bytes:
        """Return step one."""
        say = self._say
        boxes = "".join(
            f'<label class="check"><input type="radio" name="kind" value="{kind}"{" checked" if not number else ""}>'
            f'<span>{escape(name)}<span class="sub">{say(KIND_NOTES[kind])}</span></span></label>'
            for number, (kind, (name, _)) in enumerate(KINDS.items())
        )
        content = (
            f'<fieldset class="stack-sm"><legend>{say(KIND_OF_DATABASE)}</legend>{boxes}</fieldset>'
            f'<div class="actions"><button class="btn btn-primary">{say(gettext_noop("下一步"))}</button></div>'
        )
        form = self._page.form(self._token, content, css="card-body stack", do="address")
        return self._whole(0, f'<section class="card">{form}</section>')

    def address(self, kind: Kind, typed: Mapping[str, str], *, known_password: bool, notice: str = "") -> bytes:
        """Return step two, with what was typed before; ``notice`` is escaped already."""
        say = self._say
        name, port = KINDS[kind]
        fields = self._field(
            "host",
            say(gettext_noop("主机名或地址")),
            typed.get("host", ""),
            say(gettext_noop("数据库服务器在内网的地址。")),
        )
        fields += self._field("port", say(gettext_noop("端口")), typed.get("port") or str(port), numeric=True)
        told = say(DATABASE_HINTS[kind]) if kind in DATABASE_HINTS else ""
        fields += self._field("database", say(gettext_noop("数据库名称")), typed.get("database", ""), told)
        hint = say(gettext_noop("请数据库管理员开一个只读账号，只给要共享的表。"))
        fields += self._field("user", say(gettext_noop("用户名")), typed.get("user", ""), hint)
        kept = say(gettext_noop("空着就用刚才填的口令。")) if known_password else ""
        required = "" if known_password else " required"
        fields += (
            f'<div class="field"><label for="password">{say(PASSWORD)}</label>'
            f'<input class="input" id="password" name="password" type="password" autocomplete="new-password"{required}>'
            f'<p class="hint">{kept}</p></div>'
        )
        fields += f'<div class="actions"><button class="btn btn-primary">{say(gettext_noop("试连"))}</button></div>'
        form = self._page.form(self._token, fields, css="card-body stack", do="try", kind=kind)
        head = f'<div class="card-head"><h2>{escape(name)}</h2></div>'
        back = self._back(gettext_noop("换一种数据库"), "kinds")
        return self._whole(1, f'{notice}<section class="card">{head}{form}</section>{back}')

    def _field(self, name: str, label: str, value: str, hint: str = "", *, numeric: bool = False) -> str:
        mode = ' inputmode="numeric"' if numeric else ""
        told = f'<p class="hint" id="{name}-hint">{hint}</p>' if hint else ""
        described = f' aria-describedby="{name}-hint"' if hint else ""
        return (
            f'<div class="field"><label for="{name}">{label}</label>'
            f'<input class="input" id="{name}" name="{name}" value="{escape(value)}" maxlength="253" required'
            f' spellcheck="false" autocapitalize="none"{mode}{described}>{told}</div>'
        )

    def refused(self, kind: Kind, typed: Mapping[str, str], error: JutongError, *, known_password: bool) -> bytes:
        """Return step two again with why the trial failed and who can help."""
        explained, advice = self._page.explain(error)
        notice = f'<div class="alert" data-tone="bad" role="alert"><p><strong>{explained}</strong> {advice}</p></div>'
        return self.address(kind, typed, known_password=known_password, notice=notice)

    def found(self, door: Door, trial: Trial) -> bytes:
        """Return step three: what the account sees and may do."""
        say = self._say
        tables = sum(schema.tables for schema in trial.schemas)
        facts = (
            (gettext_noop("数据库"), escape(trial.version)),
            (gettext_noop("地址"), f'<span class="mono">{escape(door.host)}:{door.port}</span>'),
            (gettext_noop("连到的机器"), f'<span class="mono">{escape(door.address)}</span>'),
            (gettext_noop("看得到的表和视图"), f"{tables:,}"),
        )
        rows = "".join(f"<div><dt>{say(name)}</dt><dd>{value}</dd></div>" for name, value in facts)
        notices = self._page.notice(say(gettext_noop("连上了。")))
        notices += "".join(self._page.notice(say(text)) for text in trial.notes)
        notices += "".join(
            self._page.notice(say(text, rows=trial.writable), "warn") for text in _warnings(trial, tables)
        )
        onward = (
            self._page.button(self._token, say(gettext_noop("下一步")), {"do": "choose"}, "btn btn-primary")
            if tables
            else ""
        )
        back = self._back(gettext_noop("改地址或账号"), "again")
        return self._whole(
            2,
            f'{notices}<section class="card"><dl class="card-body facts">{rows}</dl>'
            f'<div class="card-foot actions">{onward}{back}</div></section>',
        )

    def choose(self, door: Door, trial: Trial) -> bytes:
        """Return step four: which schemas are looked at and which may be written."""
        say = self._say
        rows = "".join(
            self._schema(door.kind, number, schema)
            for number, schema in enumerate(trial.schemas)
            if schema.tables or schema.may_create
        )
        titles = (gettext_noop("模式"), gettext_noop("表和视图"), gettext_noop("可以看"), gettext_noop("允许写入"))
        head = "".join(
            f'<th scope="col"{" class=r" if number == 1 else ""}>{say(title)}</th>'
            for number, title in enumerate(titles)
        )
        zone = (
            '<label class="check"><input type="checkbox" name="zone" value="Asia/Shanghai" checked>'
            f"<span>{say(IN_BEIJING)}</span></label>"
        )
        content = (
            f'<div class="table-wrap"><table class="table table-stack"><thead><tr>{head}</tr></thead>'
            f'<tbody>{rows}</tbody></table></div><div class="card-body stack">{zone}<p class="note">'
            f"{say(NOTHING_WRITTEN)}</p>"
            f'<div class="actions"><button class="btn btn-primary">{say(CONNECT)}</button></div></div>'
        )
        form = self._page.form(self._token, content, css="", do="keep")
        return self._whole(
            3, f'<section class="card">{form}</section>{self._back(gettext_noop("改地址或账号"), "again")}'
        )

    def _schema(self, kind: Kind, number: int, schema: Schema) -> str:
        say = self._say
        seen = self._box("s", number, schema.name, checked=schema.tables > 0)
        return (
            f'<tr><th scope="row" class="mono">{escape(schema.name)}</th>'
            f'<td class="r" data-label="{say(gettext_noop("表和视图"))}">{schema.tables:,}</td>'
            f'<td data-label="{say(gettext_noop("可以看"))}">{seen}</td>'
            f'<td data-label="{say(gettext_noop("允许写入"))}">{self._writes(kind, number, schema)}</td></tr>'
        )

    def _box(self, kind: str, number: int, name: str, *, checked: bool) -> str:
        label = self._say(gettext_noop("可以看")) if kind == "s" else self._say(gettext_noop("允许写入"))
        marked = " checked" if checked else ""
        return (
            f'<label class="check"><input type="checkbox" name="{kind}.{number}" value="{escape(name)}"{marked}>'
            f'<span class="sr">{label} {escape(name)}</span></label>'
        )

    def _writes(self, kind: Kind, number: int, schema: Schema) -> str:
        if kind not in WRITABLE or not schema.may_create:
            return f'<span class="note">{self._say(NO_RIGHT)}</span>'
        return self._box("w", number, schema.name, checked=False)

    def kept(self, index: int) -> bytes:
        """Return the page that says it is done."""
        say = self._say
        done = self._page.notice(say(gettext_noop("已连接，平台几秒内会列出它的表。")))
        note = say(gettext_noop("已存证，序号 {index}。口令保存在节点上，只有节点自己能读。"), index=index)
        return self._page.whole(
            say(gettext_noop("连接数据库")),
            f'{done}<section class="card"><div class="card-body stack-sm"><p>{note}</p>'
            f"<p>{say(BACK_TO_PLATFORM)}</p></div></section>",
        )


def _warnings(trial: Trial, tables: int) -> list[str]:
    found = []
    if not tables:
        found.append(gettext_noop("这个账号一张表也看不到，请数据库管理员授予要共享的表的SELECT权限。"))
    if trial.powerful:
        found.append(gettext_noop("这是管理员级的账号。请换成只读账号：口令一旦泄露，整个数据库都不安全。"))
    elif trial.writable:
        found.append(gettext_noop("这个账号能改数据。只读取的话，请换成只读账号；要写入的，请只给专用的模式。"))
    if not trial.replica:
        found.append(gettext_noop("这是主库。大表请在任务里限速，或安排在夜间；有只读副本时请连副本。"))
    return found
