"""The pages on which fused records are judged and looked at. Every value is escaped where it is put in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from jutong.kernel.clock import BEIJING
from jutong.kernel.i18n import gettext_noop
from jutong.node.gateway.work import WorkPage

if TYPE_CHECKING:
    from jutong.node.fused.reading import Conflict, EntityRecord, Fusion, Pair, Record
    from jutong.node.fused.showing import Eyes

PAGE_ROWS = 30
GROUNDS = (
    gettext_noop("姓名、出生日期、住址都相同，证件号有笔误"),
    gettext_noop("同一人的新旧证件号"),
    gettext_noop("经与责任部门核实"),
    gettext_noop("证件号都有效且不同，是两个人"),
    gettext_noop("双胞胎或同名的亲属"),
    gettext_noop("材料不足，待责任部门补充"),
)
"""Proposed as grounds; anything else may be typed."""
CAUSES = {
    "unsure": gettext_noop("把握不够"),
    "two-identities": gettext_noop("两个有效证件号不同，机器不得合并"),
    "large": gettext_noop("这一组记录太多，像是串在一起了"),
    "contradiction": gettext_noop("同一组里有互相矛盾的记录"),
    "differs": gettext_noop("说法不同"),
    "equal-authority": gettext_noop("来源同等权威，保留较早的值"),
}
CLUES = {
    "older": gettext_noop("这条更旧"),
    "newer": gettext_noop("这条更新"),
    "same-age": gettext_noop("新旧相同"),
    "spelling": gettext_noop("只是写法不同"),
}
SUGGESTIONS = {
    "correct-record": gettext_noop("请改正这条记录"),
    "ask-source": gettext_noop("请数源部门核实，它的记录更旧"),
    "decide": gettext_noop("请主管部门明确以谁为准"),
}
BASES = {
    "only": gettext_noop("只有它有"),
    "agreed": gettext_noop("各来源一致"),
    "source": gettext_noop("数源部门"),
    "fresh": gettext_noop("最近更新"),
    "complete": gettext_noop("记录最全"),
    "agreement": gettext_noop("多数来源一致"),
    "kept": gettext_noop("分不出先后，保留原值"),
    "decided": gettext_noop("人工判定"),
}
HOWS = {
    "certain": gettext_noop("证件号相同"),
    "likely": gettext_noop("按权重相符"),
    "decided": gettext_noop("人工判定"),
    "alone": gettext_noop("没有相符的"),
}
EVENTS = {
    "merged": gettext_noop("并入"),
    "split": gettext_noop("拆出"),
    "gone": gettext_noop("来源里不再有记录"),
    "returned": gettext_noop("又有了记录"),
    "code-changed": gettext_noop("代码变更"),
    "state": gettext_noop("状态变更"),
    "created": gettext_noop("建立"),
}
STATES = {
    "active": gettext_noop("有效"),
    "deceased": gettext_noop("死亡"),
    "cancelled": gettext_noop("注销"),
    "deregistered": gettext_noop("注销"),
    "revoked": gettext_noop("吊销"),
}
ENDS = {
    "healed": gettext_noop("已一致"),
    "gone": gettext_noop("记录不在了"),
    "settled": gettext_noop("已定以谁为准"),
}
VERDICTS = (
    ("same", gettext_noop("是同一个"), "1"),
    ("different", gettext_noop("不是同一个"), "2"),
    ("unsure", gettext_noop("判断不了"), "3"),
)
VERDICT_SAID = {code: label for code, label, _ in VERDICTS}
AGREEMENT = {
    "same": (gettext_noop("相同"), "ok"),
    "differs": (gettext_noop("不同"), "bad"),
    "missing": (gettext_noop("一方没有"), "idle"),
}
KEYS_NOTE = gettext_noop("键盘：Tab 到选项，方向键选择，回车提交后直接到下一对。")
OPEN_ENTITY = gettext_noop("看融合后的记录")
WEIGHT_FOR = gettext_noop("支持是同一个")
WEIGHT_AGAINST = gettext_noop("支持不是同一个")
BEFORE_LOOKING = gettext_noop("没有比之前")
SEND_ONE = gettext_noop("转为校核")
NO_ENTITY = gettext_noop("没有查到。请核对号码，或它还没有被融合。")
REASON_LABEL = gettext_noop("为什么要看原值")
_BAR_UNIT = 4.0
"""Percent of a bar for one bit of weight."""


@dataclass(frozen=True)
class Waiting:
    """The queue on its page: pairs by cause and by what was said before, and how many were judged in this visit."""

    counts: Mapping[tuple[str, str], int]
    judged: int


class FusedPages:
    """Writes the pages of one visit.

    Args:
        page: the frame, in the visitor's language.
        token: of the visit.
        fusion: what is shown.
        eyes: how much of it.
        back: the address at the center where a conflict is sent, empty where this person may not.
    """

    def __init__(self, page: WorkPage, token: str, fusion: Fusion, eyes: Eyes, back: str = "") -> None:
        self._page = page
        self._say = page.say
        self._token = token
        self._fusion = fusion
        self._eyes = eyes
        self._back_to = back

    def _word(self, words: Mapping[str, str], code: str) -> str:
        return self._say(words[code]) if code in words else escape(code)

    def _at(self, at: datetime | None) -> str:
        return escape(f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M}") if at is not None else "—"

    def _button(self, label: str, values: Mapping[str, str], css: str = "btn btn-sm") -> str:
        return self._page.button(self._token, label, values, css)

    def _value(self, called: str, value: Any) -> str:
        text = self._eyes.see(self._fusion.field(called), value)
        return escape(text) if text not in {None, ""} else '<span class="note">—</span>'

    def _table(self, title: str, heads: Sequence[str], body: str, foot: str = "", tools: str = "") -> str:
        head = "".join(f'<th scope="col">{text}</th>' for text in heads)
        return (
            f'<section class="card"><div class="card-head"><h2>{title}</h2>{tools}</div>'
            f'<div class="table-wrap" tabindex="0" role="region" aria-label="{title}"><table class="table table-stack">'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>{foot}</section>"
        )

    def queue(self, waiting: Waiting, notice: str = "") -> bytes:
        """Return the queue in numbers, and where to begin."""
        say = self._say
        title = say(gettext_noop("判断是不是同一个：{table}"), table=self._fusion.table.title)
        lead = say(gettext_noop("记录只在您的浏览器和本节点之间传递，平台看不到；打开和判断都已存证。"))
        rows = ""
        go = say(gettext_noop("开始判断"))
        again = say(gettext_noop("再看一遍"))
        cause_label, count_label = say(gettext_noop("为什么要人来判断")), say(gettext_noop("对"))
        for (cause, verdict), count in sorted(waiting.counts.items(), key=lambda row: (row[0][1], -row[1])):
            asked = {"do": "pair", "cause": cause, "verdict": verdict}
            before = f'<span class="sub">{self._word(VERDICT_SAID, verdict)}</span>' if verdict else ""
            button = self._button(
                again if verdict else go, asked, "btn btn-sm" if verdict else "btn btn-primary btn-sm"
            )
            rows += (
                f'<tr><th scope="row">{self._word(CAUSES, cause)}{before}</th>'
                f'<td class="num" data-label="{count_label}">{count:,}</td><td>{button}</td></tr>'
            )
        if not rows:
            nothing = say(gettext_noop("没有要判断的。新的一对会在下一次融合后出现。"))
            rows = f'<tr><td colspan="3">{nothing}</td></tr>'
        said = notice
        if waiting.judged:
            said += say(
                gettext_noop("这次已判断 {count} 对，下一次融合时生效，以后不再问。"), count=f"{waiting.judged:,}"
            )
        action = f'<span class="sr">{say(gettext_noop("操作"))}</span>'
        table = self._table(say(gettext_noop("等待判断")), (cause_label, count_label, action), rows)
        return self._page.whole(title, f'<p class="lead">{lead}</p>{self._page.notice(said)}{table}')

    def pair(self, pair: Pair, notice: str = "") -> bytes:
        """Return two records side by side, why the machine would or would not join them, and the question."""
        say = self._say
        title = say(gettext_noop("这两条是同一个吗"))
        cause = self._word(CAUSES, pair.cause)
        tone = "warn" if pair.cause == "two-identities" else "info"
        lead = f'<p><span class="badge" data-tone="{tone}">{cause}</span></p>'
        content = (
            f"{self._page.notice(notice)}{lead}{self._sides(pair)}{self._waterfall(pair)}{self._question(pair)}"
            f"{self._reveal({'do': 'pair', 'review': pair.review_id})}"
        )
        back = self._button(say(gettext_noop("返回列表")), {"do": "list"})
        return self._page.whole(title, content + back)

    def _sides(self, pair: Pair) -> str:
        say = self._say
        columns = [self._side_title(side) for side in (pair.left, pair.right)]
        fields = [one for one in self._fusion.table.fields if one.name in {*pair.left.values, *pair.right.values}]
        rows = ""
        agreement = say(gettext_noop("比一比"))
        names = [escape(self._fusion.department(side.feed)) for side in (pair.left, pair.right)]
        for field in fields:
            left, right = pair.left.values.get(field.name), pair.right.values.get(field.name)
            code = "missing" if left is None or right is None else "same" if left == right else "differs"
            if left is None and right is None:
                continue
            word, tone = AGREEMENT[code]
            rows += (
                f'<tr><th scope="row">{escape(field.title)}</th>'
                f'<td data-label="{names[0]}"><span>{self._value(field.name, left)}</span></td>'
                f'<td data-label="{names[1]}"><span>{self._value(field.name, right)}</span></td>'
                f'<td data-label="{agreement}"><span class="state" data-tone="{tone}">{say(word)}</span></td></tr>'
            )
        look = say(OPEN_ENTITY)
        tools = "".join(
            self._button(
                f'{look}<span class="sr"> {escape(name)} {escape(side.key)}</span>',
                {"do": "entity", "entity": side.entity_id},
            )
            for side, name in zip((pair.left, pair.right), names, strict=True)
            if side.entity_id
        )
        heads = (say(gettext_noop("信息项")), *columns, agreement)
        foot = f'<div class="card-foot"><div class="actions">{tools}</div></div>' if tools else ""
        return self._table(say(gettext_noop("两条记录")), heads, rows, foot)

    def _side_title(self, side: Record) -> str:
        changed = self._say(gettext_noop("更新于 {at}"), at=self._at(side.changed)) if side.changed else ""
        return (
            f'{escape(self._fusion.department(side.feed))}<span class="sub mono">{escape(side.key)}</span>'
            f'<span class="sub">{changed}</span>'
        )

    def _waterfall(self, pair: Pair) -> str:
        say = self._say
        rows = ""
        weight_label, level_label = say(gettext_noop("权重")), say(gettext_noop("相符到什么程度"))
        steps = [(say(BEFORE_LOOKING), "—", pair.prior)] if pair.waterfall else []
        steps += [(escape(one.title), say(one.words), one.weight) for one in pair.waterfall]
        for title, words, weight in steps:
            direction = say(WEIGHT_FOR if weight >= 0 else WEIGHT_AGAINST)
            width = min(100.0, abs(weight) * _BAR_UNIT)
            tone = "ok" if weight >= 0 else "bad"
            rows += (
                f'<tr><th scope="row">{title}</th><td data-label="{level_label}"><span>{words}</span></td>'
                f'<td class="r" data-label="{weight_label}"><span>{weight:+.1f} '
                f'<svg class="bar" data-tone="{tone}" aria-hidden="true"><rect width="{width:.1f}%" height="100%"/>'
                f'</svg><span class="sr">{direction}</span></span></td></tr>'
            )
        if not rows:
            return ""
        note = say(
            gettext_noop("合计 {weight}。正数支持是同一个，负数支持不是；每差 1 表示可能性翻一倍。"),
            weight=f"{pair.weight:+.1f}",
        )
        title = say(gettext_noop("机器是怎么比的"))
        foot = f'<div class="card-foot note">{note}</div>'
        return self._table(title, (say(gettext_noop("信息项")), level_label, weight_label), rows, foot)

    def _question(self, pair: Pair) -> str:
        say = self._say
        choices = "".join(
            f'<label class="check"><input type="radio" name="verdict" value="{code}" accesskey="{key}" required'
            f"{' autofocus' if code == 'same' else ''}><span>{say(label)} <kbd>{key}</kbd></span></label>"
            for code, label, key in VERDICTS
        )
        options = "".join(f'<option value="{say(text)}"></option>' for text in GROUNDS)
        legend, ground = say(gettext_noop("您的判断")), say(gettext_noop("依据"))
        hint, save = say(KEYS_NOTE), say(gettext_noop("记下并看下一对"))
        content = (
            f'<fieldset class="stack-sm"><legend>{legend}</legend>{choices}</fieldset>'
            f'<div class="field"><label for="ground">{ground}</label><input class="input" id="ground" name="ground"'
            f' list="grounds" maxlength="200" required aria-describedby="keys"><datalist id="grounds">{options}'
            f'</datalist><p class="hint" id="keys">{hint}</p></div>'
            f'<div class="actions"><button class="btn btn-primary" accesskey="s">{save}</button></div>'
        )
        form = self._page.form(
            self._token, content, css="card-body stack", do="judge", review=pair.review_id, verdict_before=pair.verdict
        )
        return f'<section class="card" aria-label="{legend}">{form}</section>'

    def _reveal(self, back: Mapping[str, str]) -> str:
        """Return the way to values that are masked now and need not be, or nothing."""
        fields = self._fusion.table.fields
        if all(self._eyes.sees(field) or not self._eyes.could_see(field) for field in fields):
            return ""
        say = self._say
        label, button = say(REASON_LABEL), say(gettext_noop("显示原值"))
        hint = say(gettext_noop("例如“核对身份证复印件”。原因会存证；最高一级的信息项始终不显示。"))
        content = (
            f'<div class="field"><label for="why">{label}</label><input class="input" id="why" name="why"'
            f' maxlength="200" required aria-describedby="why-hint"><p class="hint" id="why-hint">{hint}</p></div>'
            f'<div class="actions"><button class="btn">{button}</button></div>'
        )
        hidden = {f"then_{name}": value for name, value in back.items()}
        form = self._page.form(self._token, content, css="card-body stack", do="reveal", **hidden)
        return f'<section class="card" aria-label="{button}">{form}</section>'

    def search(self, notice: str = "", tone: str = "warn", *, conflicts: bool = False) -> bytes:
        """Return the form that looks an entity up by a key."""
        say = self._say
        title = say(gettext_noop("查融合后的记录：{table}"), table=self._fusion.table.title)
        lead = say(gettext_noop("号码和记录只在您的浏览器和本节点之间传递；打开哪一条都会存证。"))
        options = "".join(
            f'<option value="{escape(key)}">{escape(self._fusion.field(key).title)}</option>'
            for key in self._fusion.table.keys
        )
        by, number, find = say(gettext_noop("按什么查")), say(gettext_noop("号码")), say(gettext_noop("查找"))
        content = (
            f'<div class="field"><label for="by">{by}</label><select class="select" id="by" name="by">{options}'
            f'<option value="entity_id">{say(gettext_noop("融合编号"))}</option></select></div>'
            f'<div class="field"><label for="value">{number}</label><input class="input" id="value" name="value"'
            f' maxlength="200" required autofocus></div>'
            f'<div class="actions"><button class="btn btn-primary">{find}</button></div>'
        )
        form = self._page.form(self._token, content, css="card-body stack", do="find")
        also = self._button(say(gettext_noop("看没有解决的冲突")), {"do": "conflicts"}) if conflicts else ""
        return self._page.whole(
            title,
            f'<p class="lead">{lead}</p>{self._page.notice(notice, tone)}<section class="card">{form}</section>{also}',
        )

    def found(self, rows: Sequence[tuple[str, Mapping[str, Any]]]) -> bytes:
        """Return several entities to choose from."""
        say = self._say
        keys = self._fusion.table.keys
        look = say(OPEN_ENTITY)
        body = "".join(
            f'<tr><th scope="row" class="mono">{escape(entity_id)}</th>'
            + "".join(
                f'<td data-label="{escape(self._fusion.field(key).title)}"><span>{self._value(key, values[key])}'
                "</span></td>"
                for key in keys
            )
            + f"<td>{self._button(look, {'do': 'entity', 'entity': entity_id})}</td></tr>"
            for entity_id, values in rows
        )
        heads = [say(gettext_noop("融合编号")), *(escape(self._fusion.field(key).title) for key in keys)]
        action = f'<span class="sr">{say(gettext_noop("操作"))}</span>'
        title = say(gettext_noop("查到 {count} 个"), count=len(rows))
        return self._page.whole(title, self._table(title, (*heads, action), body) + self._back())

    def _back(self) -> str:
        return self._button(self._say(gettext_noop("返回")), {"do": "list"})

    def entity(self, found: EntityRecord, *, back: bool = True) -> bytes:
        """Return one golden record with where each value is from, what contradicts it, and what it went through."""
        say = self._say
        title = say(gettext_noop("融合后的记录"))
        state = self._word(STATES, found.state or "active")
        tone = "ok" if (found.state or "active") == "active" else "idle"
        facts = (
            (say(gettext_noop("融合编号")), f'<span class="mono">{escape(found.entity_id)}</span>'),
            (say(gettext_noop("状态")), f'<span class="state" data-tone="{tone}">{state}</span>'),
            (say(gettext_noop("来源")), say(gettext_noop("{count} 个"), count=found.sources)),
            (say(gettext_noop("来源最近更新")), self._at(found.updated)),
            (say(gettext_noop("融合表版本")), str(self._fusion.version)),
        )
        head = "".join(f"<div><dt>{label}</dt><dd>{value}</dd></div>" for label, value in facts)
        again = {"do": "entity", "entity": found.entity_id}
        content = (
            f'<section class="card"><div class="card-body"><dl class="facts">{head}</dl></div></section>'
            f"{self._open_conflicts(found)}{self._fields(found)}{self._reveal(again)}{self._records(found)}"
            f"{self._past_conflicts(found)}{self._links(found)}{self._history(found)}"
        )
        return self._page.whole(title, content + (self._back() if back else ""))

    def _fields(self, found: EntityRecord) -> str:
        say = self._say
        value_label, from_label = say(gettext_noop("值")), say(gettext_noop("取自"))
        why_label = say(gettext_noop("为什么"))
        open_fields = {one.field for one in found.conflicts if one.until is None}
        mark = say(gettext_noop("有冲突"))
        changed = {(one.feed, one.key): one.changed for one in found.records}
        rows = ""
        for field in self._fusion.table.fields:
            feed, basis, key = found.origins.get(field.name, ("", "", ""))
            badge = f' <span class="badge" data-tone="warn">{mark}</span>' if field.name in open_fields else ""
            source = escape(self._fusion.department(feed)) if feed else "—"
            value = self._value(field.name, found.values.get(field.name))
            when = changed.get((feed, key))
            at = f'<span class="sub">{self._at(when)}</span>' if when else ""
            rows += (
                f'<tr><th scope="row">{escape(field.title)}{badge}</th>'
                f'<td data-label="{value_label}"><span>{value}</span></td>'
                f'<td data-label="{from_label}"><span>{source}{at}</span></td>'
                f'<td data-label="{why_label}"><span>{self._word(BASES, basis) if basis else "—"}</span></td></tr>'
            )
        heads = (say(gettext_noop("信息项")), value_label, from_label, why_label)
        return self._table(say(gettext_noop("每一项的来源")), heads, rows)

    def _records(self, found: EntityRecord) -> str:
        say = self._say
        fields = [
            field for field in self._fusion.table.fields if any(field.name in one.values for one in found.records)
        ]
        heads = (say(gettext_noop("信息项")), *(self._side_title(one) for one in found.records))
        rows = ""
        for field in fields:
            cells = "".join(
                f'<td data-label="{escape(self._fusion.department(one.feed))}">'
                f"<span>{self._value(field.name, one.values.get(field.name))}</span></td>"
                for one in found.records
            )
            rows += f'<tr><th scope="row">{escape(field.title)}</th>{cells}</tr>'
        return self._table(say(gettext_noop("各来源的记录")), heads, rows) if found.records else ""

    def _open_conflicts(self, found: EntityRecord) -> str:
        rows = [one for one in found.conflicts if one.until is None]
        return self._conflict_table(self._say(gettext_noop("没有解决的冲突")), rows) if rows else ""

    def _past_conflicts(self, found: EntityRecord) -> str:
        rows = [one for one in found.conflicts if one.until is not None]
        return self._conflict_table(self._say(gettext_noop("已经解决的冲突")), rows) if rows else ""

    def _conflict_table(
        self, title: str, rows: Sequence[Conflict], foot: str = "", tools: str = "", *, look: bool = False
    ) -> str:
        say = self._say
        labels = [
            say(text)
            for text in (
                gettext_noop("信息项"), gettext_noop("采用的值"), gettext_noop("另一种说法"), gettext_noop("线索"),
                gettext_noop("起止"),
            )
        ]  # fmt: skip
        body = "".join(self._conflict(one, labels, look=look) for one in rows)
        heads = [*labels, f'<span class="sr">{say(gettext_noop("操作"))}</span>'] if look else labels
        if not rows:
            nothing = say(gettext_noop("没有冲突。"))
            body = f'<tr><td colspan="{len(heads)}">{nothing}</td></tr>'
        return self._table(title, heads, body, foot, tools)

    def _conflict(self, one: Conflict, labels: Sequence[str], *, look: bool) -> str:
        field = self._fusion.field(one.field)
        believed, other = self._value(one.field, one.believed), self._value(one.field, one.value)
        ended = f'<span class="sub">{self._at(one.until)} {self._word(ENDS, one.closed)}</span>' if one.until else ""
        at = self._at
        believer, sayer = (escape(self._fusion.department(feed)) for feed in (one.believed_feed, one.feed))
        button = ""
        if look:
            named = f'{self._say(OPEN_ENTITY)}<span class="sr"> {escape(field.title)} {escape(one.key)}</span>'
            button = f"<td>{self._button(named, {'do': 'entity', 'entity': one.entity_id})}</td>"
        elif self._back_to and one.until is None:
            ended = f'<a class="btn btn-sm" href="{self._sending(one)}">{self._say(SEND_ONE)}</a>'
        return (
            f'<tr><th scope="row">{escape(field.title)}<span class="sub">{self._word(CAUSES, one.cause)}</span></th>'
            f'<td data-label="{labels[1]}"><span>{believed}</span>'
            f'<span class="sub">{believer} {at(one.believed_changed)}</span></td>'
            f'<td data-label="{labels[2]}"><span>{other}</span>'
            f'<span class="sub">{sayer} {at(one.changed)}</span></td>'
            f'<td data-label="{labels[3]}"><span>{self._word(CLUES, one.clue)}</span>'
            f'<span class="sub">{self._word(SUGGESTIONS, one.suggestion)}</span></td>'
            f'<td data-label="{labels[4]}"><span>{at(one.since)}</span>{ended}</td>{button}</tr>'
        )

    def _sending(self, one: Conflict) -> str:
        asked = {
            "field": one.field, "feed": one.feed, "believed": one.believed_feed, "only": one.conflict_id
        }  # fmt: skip
        return escape(f"{self._back_to}?{urlencode(asked)}")

    def _links(self, found: EntityRecord) -> str:
        say = self._say
        how_label, since_label = say(gettext_noop("凭什么归入")), say(gettext_noop("起止"))
        key_label = say(gettext_noop("记录"))
        rows = "".join(
            f'<tr><th scope="row">{escape(self._fusion.department(one.feed))}</th>'
            f'<td class="mono" data-label="{key_label}">{escape(one.key)}</td>'
            f'<td data-label="{how_label}">{self._word(HOWS, one.how)}</td>'
            f'<td data-label="{since_label}"><span>{self._at(one.since)}'
            f"{' – ' + self._at(one.until) if one.until else ''}</span></td></tr>"
            for one in found.links
        )
        heads = (say(gettext_noop("部门")), key_label, how_label, since_label)
        return self._table(say(gettext_noop("由哪些记录合成")), heads, rows)

    def _history(self, found: EntityRecord) -> str:
        if not found.history:
            return ""
        say = self._say
        items = ""
        for event in found.history:
            what = self._word(EVENTS, event.event)
            other = event.entity_id if event.entity_id != found.entity_id else event.other_id or ""
            more = ""
            if event.field:
                title = escape(self._fusion.field(event.field).title)
                was, became = self._value(event.field, event.was), self._value(event.field, event.became)
                more = f"{title} {was} → {became}"
            elif event.was or event.became:
                more = f"{self._word(STATES, event.was or '')} → {self._word(STATES, event.became or '')}"
            items += (
                f'<li data-state="done"><span class="t">{what} <span class="mono">{escape(other)}</span></span>'
                f'<span class="note">{self._at(event.at)} {more}</span></li>'
            )
        title = say(gettext_noop("经过"))
        return (
            f'<section class="card"><div class="card-head"><h2>{title}</h2></div>'
            f'<div class="card-body"><ol class="timeline">{items}</ol></div></section>'
        )

    def conflicts(
        self, rows: Sequence[Conflict], causes: Sequence[tuple[str, str, str, int]], chosen: tuple[str, str], skip: int
    ) -> bytes:
        """Return open conflicts, of one field and feed where they are chosen."""
        say = self._say
        options = "".join(self._cause_option(row, chosen) for row in causes)
        label, show = say(gettext_noop("哪一种冲突")), say(gettext_noop("筛选"))
        every = say(gettext_noop("全部"))
        content = (
            f'<select class="select" name="which" aria-label="{label}"><option value="">{every}</option>{options}'
            f'</select><button class="btn btn-sm">{show}</button>'
        )
        tools = self._page.form(self._token, content, css="filterbar", do="conflicts")
        title = say(gettext_noop("没有解决的冲突"))
        here = {"do": "conflicts", "which": " ".join(chosen) if any(chosen) else ""}
        buttons = ""
        if skip:
            before = {**here, "skip": str(max(0, skip - PAGE_ROWS))}
            buttons += self._button(say(gettext_noop("上一页")), before)
        if len(rows) > PAGE_ROWS:
            buttons += self._button(say(gettext_noop("下一页")), {**here, "skip": str(skip + PAGE_ROWS)})
        foot = f'<div class="card-foot actions">{buttons}</div>' if buttons else ""
        table = self._conflict_table(title, rows[:PAGE_ROWS], foot, tools, look=True)
        return self._page.whole(title, table + self._back())

    def _cause_option(self, row: tuple[str, str, str, int], chosen: tuple[str, str]) -> str:
        called, feed, believed, count = row
        selected = " selected" if (called, feed) == chosen else ""
        text = (
            f"{escape(self._fusion.field(called).title)}：{escape(self._fusion.department(feed))} ≠ "
            f"{escape(self._fusion.department(believed))}（{count:,}）"
        )
        return f'<option value="{escape(called)} {escape(feed)}"{selected}>{text}</option>'
