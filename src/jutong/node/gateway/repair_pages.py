"""The pages on which refused rows are put right. Every value is escaped where it is put in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from jutong.kernel.i18n import gettext_noop
from jutong.node.gateway.work import WorkPage, hidden_fields

MOST_COMMON_ONLY = gettext_noop("只列出最常见的值；“改为”空着的不动。")
DROP_ALL = gettext_noop("全部作废（{rows} 行）")
NO_SUCH_ROW = gettext_noop("没有这样的行。")
CORRECT_THESE = gettext_noop("改正这些行")
SAVE_CORRECTION = gettext_noop("保存改正")
CORRECT_OR_DROP = gettext_noop("改正或作废")
DROP_ROW = gettext_noop("作废这一行")
"""Said inside of f-strings, where the extraction of sentences does not look."""

if TYPE_CHECKING:
    from jutong.node.exchange.quarantine import Finding, Refused
    from jutong.node.exchange.repair import Cause, Decision, Overview

PAGE_ROWS = 20
REASONS = {
    "not-null": gettext_noop("没有值"),
    "cast-integer": gettext_noop("不是整数"),
    "cast-decimal": gettext_noop("不是规定位数的小数"),
    "cast-date": gettext_noop("不是日期"),
    "length": gettext_noop("长度不对"),
    "one-of": gettext_noop("不在给定的值里"),
    "code-table": gettext_noop("不在代码表里"),
    "pattern": gettext_noop("写法不对"),
    "identity": gettext_noop("公民身份号码不对"),
    "credit-code": gettext_noop("统一社会信用代码不对"),
    "between": gettext_noop("超出范围"),
    "compare": gettext_noop("和另一列比不对"),
    "unique": gettext_noop("重复"),
    "reference": gettext_noop("在参照的表里没有"),
    "fresh": gettext_noop("太旧或在将来"),
    "translate": gettext_noop("代码翻译不了"),
    "time-zone": gettext_noop("没有这个时刻"),
    "identity-part": gettext_noop("证件号里取不出"),
    "arithmetic": gettext_noop("算出的数放不下"),
}
STATES = {
    "open": (gettext_noop("待处理"), "warn"),
    "fixed": (gettext_noop("已改正，待写回"), "run"),
    "dropped": (gettext_noop("作废"), "idle"),
    "batched": (gettext_noop("正在写回"), "run"),
    "written": (gettext_noop("已写回"), "ok"),
}
_MULTILINE = "\n"


@dataclass(frozen=True)
class Shown:
    """What of a quarantine is on the page."""

    target: str
    overview: Overview
    rows: Sequence[tuple[Refused, Decision | None]]
    skip: int
    rule: str
    state: str
    more: bool


class RepairPages:
    """Writes the pages of one visit.

    Args:
        page: the frame, in the visitor's language.
        token: of the visit.
    """

    def __init__(self, page: WorkPage, token: str) -> None:
        self._page = page
        self._say = page.say
        self._token = token

    def reason(self, code: str) -> str:
        """Return in words why a row was refused."""
        return self._say(REASONS[code]) if code in REASONS else escape(code)

    def listing(self, shown: Shown, notice: str = "", tone: str = "ok") -> bytes:
        """Return the rows of a quarantine with what can be done about them."""
        say = self._say
        lead = say(
            gettext_noop("任务写入的表：{target}。行只在您的浏览器和本节点之间传递，平台看不到；打开和写回都已存证。"),
            target=shown.target,
        )
        return self._page.whole(
            say(gettext_noop("处理隔离行")),
            f'<p class="lead">{lead}</p>{self._page.notice(notice, tone)}{self._stats(shown.overview)}'
            f"{self._replay(shown.overview)}{self._causes(shown)}{self._rows(shown)}",
        )

    def _stats(self, overview: Overview) -> str:
        parts = []
        for state in ("open", "fixed", "written", "dropped"):
            label, tone = STATES[state]
            count = overview.states.get(state, 0)
            css = "stat-v warn" if tone == "warn" and count else "stat-v"
            parts.append(f'<div><dt>{self._say(label)}</dt><dd class="{css}">{count:,}</dd></div>')
        return f'<dl class="stats">{"".join(parts)}</dl>'

    def _replay(self, overview: Overview) -> str:
        waiting = overview.states.get("fixed", 0) + overview.states.get("batched", 0)
        if not waiting:
            return ""
        text = self._say(
            gettext_noop("已改正 {rows} 行。写回时会再过一遍全部规则和脱敏，仍不合的留在这里。"), rows=f"{waiting:,}"
        )
        button = self._page.button(
            self._token, self._say(gettext_noop("写回已改正的行")), {"do": "replay"}, "btn btn-primary"
        )
        return f'<section class="card"><div class="card-body row-between"><p>{text}</p>{button}</div></section>'

    def _causes(self, shown: Shown) -> str:
        say = self._say
        head = "".join(
            f'<th scope="col"{css}>{text}</th>'
            for text, css in (
                (say(gettext_noop("字段")), ""),
                (say(gettext_noop("原因")), ""),
                (say(gettext_noop("行")), ' class="r"'),
                (say(gettext_noop("待处理")), ' class="r"'),
                (f'<span class="sr">{say(gettext_noop("操作"))}</span>', ""),
            )
        )
        body = "".join(self._cause(cause) for cause in shown.overview.causes)
        return self._table(say(gettext_noop("按原因处理")), head, body)

    def _cause(self, cause: Cause) -> str:
        say = self._say
        actions = self._page.button(
            self._token, say(gettext_noop("只看这些行")), {"do": "list", "rule": cause.rule, "state": "open"}
        )
        if cause.open:
            actions += self._page.button(
                self._token, say(gettext_noop("一并处理")), {"do": "cause", "rule": cause.rule}
            )
        return (
            f'<tr><th scope="row">{escape(cause.column)}</th>'
            f'<td data-label="{say(gettext_noop("原因"))}">{self.reason(cause.reason)}'
            f'<span class="sub mono">{escape(cause.rule)}</span></td>'
            f'<td class="r" data-label="{say(gettext_noop("行"))}">{cause.rows:,}</td>'
            f'<td class="r" data-label="{say(gettext_noop("待处理"))}">{cause.open:,}</td>'
            f'<td><div class="actions">{actions}</div></td></tr>'
        )

    def _table(self, title: str, head: str, body: str, foot: str = "", tools: str = "") -> str:
        return (
            f'<section class="card"><div class="card-head"><h2>{title}</h2>{tools}</div>'
            f'<div class="table-wrap" tabindex="0" role="region" aria-label="{title}"><table class="table table-stack">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{foot}</section>"
        )

    def _rows(self, shown: Shown) -> str:
        say = self._say
        titles = (gettext_noop("行号"), gettext_noop("不合之处"), gettext_noop("状态"))
        head = "".join(f'<th scope="col">{say(title)}</th>' for title in titles)
        head += f'<th scope="col"><span class="sr">{say(gettext_noop("操作"))}</span></th>'
        body = "".join(self._row(row, decision) for row, decision in shown.rows)
        if not shown.rows:
            body = f'<tr><td colspan="4">{say(NO_SUCH_ROW)}</td></tr>'
        return self._table(say(gettext_noop("隔离的行")), head, body, self._pager(shown), self._filter(shown))

    def _row(self, row: Refused, decision: Decision | None) -> str:
        say = self._say
        found = "<br>".join(self._finding(one) for one in row.findings)
        state, tone = STATES[decision.state if decision else "open"]
        why = self._decided(decision) if decision else ""
        button = self._page.button(
            self._token,
            f'{say(CORRECT_OR_DROP)}<span class="sr"> {row.name}</span>',
            {"do": "row", "row": row.name},
        )
        badge = f'<span class="state" data-tone="{tone}">{say(state)}</span>'
        return (
            f'<tr><th scope="row" class="mono">{row.name}</th>'
            f'<td data-label="{say(gettext_noop("不合之处"))}"><span>{found}</span></td>'
            f'<td data-label="{say(gettext_noop("状态"))}">{badge}{why}</td><td>{button}</td></tr>'
        )

    def _decided(self, decision: Decision) -> str:
        changed = [f"{escape(name)} → {self._value_of(value)}" for name, value in decision.changes.items()]
        return "".join(f'<span class="sub">{line}</span>' for line in (*changed, escape(decision.reason)) if line)

    def _finding(self, found: Finding) -> str:
        column = f"{escape(found.column)}：" if found.column else ""
        return f"{column}{self.reason(found.reason)} {self._value_of(found.value)}"

    def _value_of(self, value: str | None) -> str:
        return f'<span class="mono">{escape(value[:80])}</span>' if value else self.nothing(value)

    def nothing(self, value: str | None) -> str:
        """Return how an empty text or no value at all is shown."""
        text = self._say(gettext_noop("没有值") if value is None else gettext_noop("空文本"))
        return f'<span class="note">（{text}）</span>'

    def _filter(self, shown: Shown) -> str:
        say = self._say
        rules = [("", say(gettext_noop("全部原因")))]
        rules += [(one.rule, f"{escape(one.column)} · {self.reason(one.reason)}") for one in shown.overview.causes]
        states = [("", say(gettext_noop("全部状态")))]
        states += [(state, say(label)) for state, (label, _) in STATES.items() if state != "batched"]
        content = self._select("rule", say(gettext_noop("原因")), rules, shown.rule)
        content += self._select("state", say(gettext_noop("状态")), states, shown.state)
        content += f'<button class="btn btn-sm">{say(gettext_noop("筛选"))}</button>'
        return self._page.form(self._token, content, css="filterbar", do="list")

    def _select(self, name: str, label: str, choices: Sequence[tuple[str, str]], chosen: str) -> str:
        options = "".join(
            f'<option value="{escape(value)}"{" selected" if value == chosen else ""}>{text}</option>'
            for value, text in choices
        )
        return f'<select class="select" name="{name}" aria-label="{label}">{options}</select>'

    def _pager(self, shown: Shown) -> str:
        here = {"do": "list", "rule": shown.rule, "state": shown.state}
        buttons = ""
        if shown.skip:
            before = {**here, "skip": str(max(0, shown.skip - PAGE_ROWS))}
            buttons += self._page.button(self._token, self._say(gettext_noop("上一页")), before)
        if shown.more:
            after = {**here, "skip": str(shown.skip + PAGE_ROWS)}
            buttons += self._page.button(self._token, self._say(gettext_noop("下一页")), after)
        return f'<div class="card-foot actions">{buttons}</div>' if buttons else ""

    def one(self, row: Refused, texts: Mapping[str, str | None], decision: Decision | None) -> bytes:
        """Return the form of one row."""
        say = self._say
        wrong: dict[str, list[Finding]] = {}
        for found in row.findings:
            wrong.setdefault(found.column, []).append(found)
        changed = decision.changes if decision else {}
        # What is wrong comes first.
        names = sorted(texts, key=lambda name: name not in wrong)
        fields = "".join(
            self._field(number, name, changed.get(name, texts[name]), wrong.get(name, ()))
            for number, name in enumerate(names)
        )
        unseen = [name for name in row.values if name not in texts]
        note = say(gettext_noop("不能在这里改的字段：{columns}"), columns="、".join(unseen)) if unseen else ""
        final = decision is not None and decision.state in {"batched", "written"}
        content = self._locked(fields, note) if final else self._editable(row, fields, note, decision)
        back = self._page.button(self._token, say(gettext_noop("返回列表")), {"do": "list"})
        return self._page.whole(say(gettext_noop("隔离的第 {row} 行"), row=row.name), content + back)

    def _locked(self, fields: str, note: str) -> str:
        said = self._say(gettext_noop("这一行已经写回，不能再改。"))
        return (
            f'<section class="card"><fieldset class="card-body stack" disabled><p>{said}</p>{fields}'
            f'<p class="note">{note}</p></fieldset></section>'
        )

    def _editable(self, row: Refused, fields: str, note: str, decision: Decision | None) -> str:
        say = self._say
        content = (
            f'{fields}<p class="note">{note}</p>{self._ground(decision.reason if decision else "")}'
            f'<div class="actions"><button class="btn btn-primary" name="do" value="fix">'
            f"{say(SAVE_CORRECTION)}</button>"
            f'<button class="btn btn-danger" name="do" value="drop">{say(DROP_ROW)}</button></div>'
        )
        form = self._page.form(self._token, content, css="card-body stack", row=row.name)
        return f'<section class="card">{form}</section>'

    def _ground(self, reason: str = "") -> str:
        label = self._say(gettext_noop("依据"))
        hint = self._say(gettext_noop("凭什么这样改或作废，例如“户籍底册”。"))
        return (
            f'<div class="field"><label for="reason">{label}</label>'
            f'<input class="input" id="reason" name="reason" maxlength="200" required value="{escape(reason)}"'
            f' aria-describedby="reason-hint"><p class="hint" id="reason-hint">{hint}</p></div>'
        )

    def _field(self, number: int, name: str, value: str | None, wrong: Sequence[Finding]) -> str:
        text = value or ""
        bad = "；".join(self.reason(found.reason) for found in wrong)
        described = f' aria-describedby="e{number}" aria-invalid="true"' if wrong else ""
        error = f'<p class="error" id="e{number}">{bad}</p>' if wrong else ""
        same = f'id="v{number}" name="v.{number}"{described}'
        if _MULTILINE in text:
            box = f'<textarea class="textarea" {same} rows="3">\n{escape(text)}</textarea>'
        else:
            box = f'<input class="input" {same} value="{escape(text)}">'
        empty = " checked" if value is None else ""
        return (
            f'<div class="field"><label for="v{number}">{escape(name)}</label>{error}{box}'
            f"{hidden_fields({f'c.{number}': name})}"
            f'<label class="check"><input type="checkbox" name="n.{number}" value="1"{empty}>'
            f"<span>{self._say(gettext_noop('没有值'))}</span></label></div>"
        )

    def cause(self, cause: Cause, values: Sequence[tuple[str | None, int]]) -> bytes:
        """Return the form in which rows of one cause are put right together."""
        say = self._say
        rows = "".join(self._value(number, value, count) for number, (value, count) in enumerate(values))
        head = "".join(
            f'<th scope="col">{say(text)}</th>'
            for text in (gettext_noop("现在的值"), gettext_noop("行"), gettext_noop("改为"))
        )
        fix = (
            f'<div class="table-wrap"><table class="table table-stack"><thead><tr>{head}</tr></thead>'
            f'<tbody>{rows}</tbody></table></div><div class="card-body stack">'
            f'<p class="note">{say(MOST_COMMON_ONLY)}</p>{self._ground()}'
            f'<div class="actions"><button class="btn btn-primary" name="do" value="fix-all">'
            f"{say(CORRECT_THESE)}</button>"
            f'<button class="btn btn-danger" name="do" value="drop-all">'
            f"{say(DROP_ALL, rows=f'{cause.open:,}')}</button></div></div>"
        )
        title = say(gettext_noop("一并处理：{column}，{rows} 行待处理"), column=cause.column, rows=f"{cause.open:,}")
        lead = f'<p class="lead">{self.reason(cause.reason)} <span class="mono">{escape(cause.rule)}</span></p>'
        back = self._page.button(self._token, say(gettext_noop("返回列表")), {"do": "list"})
        form = self._page.form(self._token, fix, css="", rule=cause.rule)
        return self._page.whole(title, f'{lead}<section class="card">{form}</section>{back}')

    def _value(self, number: int, value: str | None, count: int) -> str:
        say = self._say
        shown = f'<span class="mono">{escape(value)}</span>' if value else self.nothing(value)
        kept = {f"w.{number}": value} if value is not None else {f"z.{number}": "1"}
        label = say(gettext_noop("把“{value}”改为"), value=value or "")
        return (
            f'<tr><th scope="row">{shown}{hidden_fields(kept)}</th>'
            f'<td class="num" data-label="{say(gettext_noop("行"))}">{count:,}</td>'
            f'<td data-label="{say(gettext_noop("改为"))}"><input class="input" name="r.{number}" aria-label="{label}">'
            "</td></tr>"
        )
