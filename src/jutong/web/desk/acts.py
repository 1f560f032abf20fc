"""What can be done in a row of the inbox, as data: the step's own address, at most one text, and its buttons.

A step is the same one its own page has, with the same permission; a row only spares the way there.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Choices
from django.utils.translation import gettext_lazy as _

from jutong.center.demand.enums import HolderAnswer
from jutong.center.ownership.enums import Stance
from jutong.center.remedy.enums import ConsultationStance
from jutong.center.sharing.queries import TaskKind
from jutong.center.sharing.queries.tasks import Text


@dataclass(frozen=True, slots=True)
class Button:
    """One way to take the step; the first of a form is the usual one."""

    label: Text
    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """One form of a row.

    Attributes:
        step: the name a brief lists where the step can be taken.
        to: the step's address, of ``number`` and ``id`` of the task.
        buttons: how it can be taken.
        text: the text's name and label; empty where nothing is typed.
        is_number: whether the text is a number.
        choice: the name and label of a choice among what the brief offers.
        most: longest text, in characters.
    """

    step: str
    to: str
    buttons: tuple[Button, ...]
    text: tuple[str, Text] | None = None
    is_number: bool = False
    choice: tuple[str, Text] | None = None
    most: int = field(default=500)


def _yes_no(name: str, yes: Text, no: Text) -> tuple[Button, Button]:
    return Button(yes, name, "1"), Button(no, name, "0")


def _each(name: str, choices: type[Choices]) -> tuple[Button, ...]:
    return tuple(Button(label, name, str(value)) for value, label in choices.choices)


_RETURNING = _("说明（退回时必填）")
_REFUSING = _("说明（不同意时必填）")
_WHY = _("说明")

ACTS: dict[TaskKind, tuple[Act, ...]] = {
    TaskKind.APPLICATION_CONSENT: (
        Act("consent", "/applications/{number}/consent",
            _yes_no("agreed", _("同意并提交申请"), _("退回经办人")), ("note", _RETURNING)),
    ),
    TaskKind.REPLY_CONSENT: (
        Act("consent", "/applications/{number}/reply/consent",
            _yes_no("agreed", _("同意发出答复"), _("退回拟稿人")), ("note", _RETURNING)),
    ),
    TaskKind.SUPPLEMENT_ANSWER: (
        Act("answer", "/applications/{number}/supplement", (Button(_("提交补正")),), ("answer", _("补正内容")),
            most=2000),
    ),
    TaskKind.EXTENSION_DECIDE: (
        Act("decide", "/applications/{number}/extension/decide",
            _yes_no("agreed", _("同意延长"), _("不同意延长"))),
    ),
    TaskKind.CATALOG_EXTENSION: (
        Act("decide", "/extensions/{id}", _yes_no("consented", _("同意延期"), _("不延期")), ("reason", _REFUSING)),
    ),
    TaskKind.CATALOG_FILING: (
        Act("decide", "/filings/{id}", _yes_no("accepted", _("接受备案"), _("不接受")), ("reason", _REFUSING)),
    ),
    TaskKind.SOURCE_POSITION: (
        Act("state", "/ownership/{id}/position", _each("stance", Stance), ("text", _REFUSING)),
    ),
    TaskKind.DEMAND_ASSIGN: (
        Act("assign", "/demands/{number}/assign", (Button(_("派发")),), ("note", _WHY), choice=("holder", _("派给"))),
    ),
    TaskKind.DEMAND_ANSWER: (
        Act("answer", "/demands/{number}/answer", _each("answer", HolderAnswer),
            ("basis", _("依据（法律法规、三定规定，或为什么没有）"))),
    ),
    TaskKind.AGREEMENT_SIGN: (
        Act("sign", "/agreements/{number}/sign", (Button(_("签署协议")),)),
        Act("hand-back", "/agreements/{number}/hand-back", (Button(_("退回修改")),), ("note", _("退回的原因"))),
    ),
    TaskKind.AGREEMENT_BREACH: (
        Act("answer", "/breaches/{number}/answer",
            (Button(_("说明和改正"), "contest", "0"), Button(_("对责任有异议"), "contest", "1")),
            ("text", _WHY), most=1000),
        Act("judge", "/breaches/{number}/judge", _yes_no("accept", _("认可"), _("不认可")), ("text", _REFUSING),
            most=1000),
    ),
    TaskKind.CORRECTION_ANSWER: (Act("accept", "/corrections/{number}/accept", (Button(_("受理核实")),)),),
    TaskKind.CORRECTION_CONFIRM: (
        Act("confirm", "/corrections/{number}/confirm", (Button(_("确认反馈")),)),
        Act("receive", "/corrections/{number}/receive", (Button(_("确认收到更正")),)),
    ),
    TaskKind.RECTIFICATION_CHECK: (
        Act("judge", "/rectifications/{number}/judge",
            (Button(_("通过并恢复授权"), "verdict", "accept"), Button(_("整改不到位"), "verdict", "reject")),
            ("note", _("意见（认定不到位时必填）"))),
    ),
    TaskKind.DISPOSAL_VERIFY: (
        Act("verify", "/disposals/{number}/verify",
            (Button(_("核验通过"), "verdict", "verify"), Button(_("退回"), "verdict", "return")), ("note", _RETURNING)),
    ),
    TaskKind.CHANGE_CONSULT: (
        Act("answer", "/service-changes/{number}/answer", _each("stance", ConsultationStance),
            ("text", _("说明（同意以外的意见必填）")), most=400),
    ),
    TaskKind.CHANGE_DECIDE: (
        Act("file", "/service-changes/{number}/file", (Button(_("向主管部门备案")),)),
        Act("withdraw", "/service-changes/{number}/withdraw", (Button(_("撤回变更")),)),
    ),
    TaskKind.LEDGER_FILL: (
        Act("fill", "/ledger/{number}/fill/{note}", (Button(_("补记")),), ("effect", _("使用成效")), most=2000),
    ),
    TaskKind.GRANT_IDLE: (
        Act("answer", "/grants/{number}/idle",
            (Button(_("还要用"), "answer", "keep"), Button(_("不再需要"), "answer", "give-up")), ("text", _WHY)),
    ),
    TaskKind.RETURN_CHECK: (
        Act("compare", "/returns/{number}/compare", (Button(_("核对")),), ("held", _("已收到条数")), is_number=True),
    ),
}  # fmt: skip
"""The kinds that can be decided with what a row shows; for the others the row leads to the page."""
