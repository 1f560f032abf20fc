"""What a requester asks for, and what must be right about it before it leaves the department (条例 20(2))."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.utils.translation import gettext as _

from jutong.center.catalog.enums import BindingKind, FieldMode, Grade
from jutong.center.catalog.models import Binding, EntryVersion, Item
from jutong.center.org.models import InformationSystem
from jutong.center.sharing.conditions import RowCondition, settled
from jutong.center.sharing.enums import ConditionOrigin, UseWay
from jutong.center.sharing.findings import Problem, problem
from jutong.center.sharing.models import Application
from jutong.center.sharing.office import Duty
from jutong.center.sharing.rules import MAX_YEARS
from jutong.center.sharing.terms import BULK, HIGHEST_QUOTA, terms_problems, way_allowed
from jutong.kernel.clock import civil_date
from jutong.kernel.deadlines import add_months
from jutong.standards import grading

__all__ = [
    "HIGHEST_QUOTA",
    "WIDTH",
    "Ask",
    "Need",
    "Problem",
    "RowCondition",
    "division_item",
    "draft_problems",
    "lent_whole",
    "missing_problems",
    "need_of",
    "problem",
    "way_allowed",
]
WIDTH = {FieldMode.VERIFY: 0, FieldMode.MASKED: 1, FieldMode.PLAIN: 2}
"""How much a mode shows; a wider one shows more."""
_NEEDS_REASON = {Grade.G3, Grade.G4, Grade.IMPORTANT}
_LENGTHS = {"title": 128, "basis": 500, "scenario": 500, "scope": 500}
REASON_LENGTH = 200
_DIVISION = re.compile(r"[1-9]\d{1,11}")
DIVISION_MASK = "division"
_DIVISION_NAMES = ("行政区划", "区划代码", "所属区划")


@dataclass(frozen=True, slots=True)
class Ask:
    """One item asked for: how much of it, and why when it is sensitive."""

    item_id: UUID
    mode: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Need:
    """The five fields of 条例 20(2), the three declarations, which items of the entry, and which rows."""

    title: str = ""
    basis: str = ""
    scenario: str = ""
    scope: str = ""
    duty_id: UUID | None = None
    share_way: str = ""
    valid_until: date | None = None
    frequency: str = ""
    expected_monthly: int = 0
    daily_quota: int = 1000
    per_minute: int = 0
    call_days: str = ""
    first_minute: int | None = None
    last_minute: int | None = None
    division_filter: str = ""
    system_id: UUID | None = None
    is_true: bool = False
    is_lawful: bool = False
    is_necessary: bool = False
    items: tuple[Ask, ...] = ()
    conditions: tuple[RowCondition, ...] = ()


KEPT_AS_IS = (
    "duty_id", "share_way", "valid_until", "frequency", "expected_monthly", "daily_quota", "per_minute", "call_days",
    "first_minute", "last_minute", "division_filter", "system_id", "is_true", "is_lawful", "is_necessary",
)  # fmt: skip
"""Fields an application has under the same name, besides its texts."""
TEXTS = ("title", "basis", "scenario", "scope")


def need_of(application: Application) -> Need:
    """Return what an application asks for now; what a provider added is not of it."""
    return Need(
        **{name: getattr(application, name) for name in (*TEXTS, *KEPT_AS_IS)},
        items=tuple(Ask(row.item_id, row.asked, row.reason) for row in application.items.all()),
        conditions=tuple(
            RowCondition(row.item_id, row.operator, tuple(row.values))
            for row in application.conditions.all()
            if row.origin == ConditionOrigin.REQUESTER
        ),
    )


def division_item(version: EntryVersion) -> Item | None:
    """Return the item that tells a row's division: so named, or so masked and about no person.

    The same rule makes the county of an identity number or an address, which tells where somebody comes from.
    """
    items = list(version.items.all())
    marked = [item for item in items if item.mask == DIVISION_MASK and not (item.is_key or item.is_personal)]
    named = [item for item in items if any(word in item.name for word in _DIVISION_NAMES)]
    return next(iter(marked + named), None)


def draft_problems(
    need: Need, version: EntryVersion, systems: Iterable[InformationSystem], duties: Iterable[Duty] = ()
) -> list[Problem]:
    """Return what is wrong with the values themselves; what is still missing may wait until the draft is sent."""
    found: list[Problem] = []
    for name, length in _LENGTHS.items():
        value = getattr(need, name)
        if len(value) > length:
            found.append(problem(name, len(value), f"<= {length}", _("最多{n}个字").format(n=length)))
    found += terms_problems(need, version)
    if need.division_filter and not _DIVISION.fullmatch(need.division_filter):
        found.append(problem("division_filter", need.division_filter, "2-12位数字", _("区划范围应是区划代码的开头")))
    if need.system_id is not None and need.system_id not in {system.id for system in systems}:
        found.append(problem("system", need.system_id, _("本部门在用的系统"), _("只能选本部门在用的系统")))
    if need.duty_id is not None and need.duty_id not in {duty.id for duty in duties}:
        found.append(problem("duty", need.duty_id, _("本部门登记的职责"), _("只能选本部门登记的职责")))
    return [*found, *_item_problems(need, version), *settled(need.conditions, version)[1]]


def _item_problems(need: Need, version: EntryVersion) -> list[Problem]:
    items = {item.id: item for item in version.items.all()}
    found, seen = [], set()
    for ask in need.items:
        item = items.get(ask.item_id)
        if item is None or ask.item_id in seen:
            found.append(problem("items", ask.item_id, _("该目录的信息项，每项一次"), _("没有这个信息项，或选了两次")))
            continue
        seen.add(ask.item_id)
        if ask.mode not in FieldMode.values:
            found.append(problem(item.name, ask.mode, "/".join(FieldMode.values), _("没有这种使用方式")))
        elif message := _too_wide(item, ask.mode):
            found.append(problem(item.name, ask.mode, item.widest_mode, message, "条例 13, 15"))
        if len(ask.reason) > REASON_LENGTH:
            found.append(
                problem(item.name, len(ask.reason), f"<= {REASON_LENGTH}", _("最多{n}个字").format(n=REASON_LENGTH))
            )
    return found


def _too_wide(item: Item, mode: str) -> str:
    if grading.allowed_mode(item.grade, mode) != mode:
        return _("四级和重要数据只能核验")
    if WIDTH[FieldMode(mode)] > WIDTH[FieldMode(item.widest_mode)]:
        return _("目录最多给到“{mode}”").format(mode=FieldMode(item.widest_mode).label)
    return ""


def lent_whole(entry_id: UUID) -> bool:
    """Tell whether what stands behind an entry is no table, so that it is used by address and not by key."""
    return Binding.objects.filter(entry_id=entry_id, ended_at=None).exclude(kind=BindingKind.TABLE).exists()


def missing_problems(application: Application, today: date) -> list[Problem]:
    """Return what still keeps an application from being sent (条例 20(2))."""
    found = [
        problem(name, "", _("必填"), _("没有填写{what}").format(what=what), "条例 20(2)")
        for name, what in (
            ("basis", _("使用依据")),
            ("scenario", _("使用场景")),
            ("scope", _("使用范围")),
            ("share_way", _("共享方式")),
        )
        if not str(getattr(application, name)).strip()
    ]
    found += _duty_problems(application)
    found += _time_problems(application.valid_until, today)
    followed = application.renews
    if followed is not None and application.valid_until and application.valid_until < civil_date(followed.valid_until):
        message = _("续期要晚于原授权的最后一天")
        found.append(problem("valid_until", application.valid_until, f">= {civil_date(followed.valid_until)}", message))
    if application.system is None or application.system.closed_at is not None:
        found.append(problem("system", "", _("本部门在用的系统"), _("没有选择用数系统")))
    for name, what in (("is_true", _("真实性")), ("is_lawful", _("合法性")), ("is_necessary", _("必要性"))):
        if not getattr(application, name):
            found.append(problem(name, "", _("必须承诺"), _("没有承诺{what}").format(what=what), "条例 20(2)"))
    return [*found, *_choice_problems(application)]


def _duty_problems(application: Application) -> list[Problem]:
    """A department that registered its duties asks for data on one of them."""
    open_duties = Duty.objects.filter(organisation_id=application.requester_id, closed_at=None)
    chosen = application.duty_id
    missing = open_duties.exists() if chosen is None else not open_duties.filter(id=chosen).exists()
    message = _("请选择本部门登记的一项职责，用途要落在职责上")
    return [problem("duty", "", _("本部门登记的职责"), message, "条例 20(2)")] if missing else []


def _time_problems(until: date | None, today: date) -> list[Problem]:
    latest = add_months(today, 12 * MAX_YEARS)
    if until is None:
        return [problem("valid_until", "", f"<= {latest}", _("没有填写使用时限"), "条例 20(2)")]
    if not today < until <= latest:
        message = _("使用时限应在今天之后、{latest}之前").format(latest=latest)
        return [problem("valid_until", until, f"{today} < x <= {latest}", message, "条例 20(2)")]
    return []


def _choice_problems(application: Application) -> list[Problem]:
    asked = list(application.items.select_related("item"))
    if not asked:
        return [problem("items", 0, ">= 1", _("至少选一个信息项"))]
    found = [
        problem(row.item.name, "", _("必填"), _("三级以上信息项要明文或脱敏时，请写明理由"), "条例 20(2)")
        for row in asked
        if row.item.grade in _NEEDS_REASON and row.asked != FieldMode.VERIFY and not row.reason.strip()
    ]
    whole = lent_whole(application.entry_id)
    if application.share_way == UseWay.SERVICE and not whole and not any(row.item.is_key for row in asked):
        found.append(problem("items", 0, ">= 1", _("服务接口按标识查询，至少选一个标识信息项")))
    if application.share_way in BULK and not whole and all(row.asked == FieldMode.VERIFY for row in asked):
        found.append(problem("items", 0, ">= 1", _("成批提供和订阅要有脱敏或明文的信息项，只核验请用服务接口")))
    if whole and application.conditions.exists():
        found.append(problem("conditions", 1, "0", _("这项数据是整体提供的，不能限定行")))
    if application.division_filter and division_item(application.version) is None:
        found.append(
            problem("division_filter", application.division_filter, "", _("该目录没有区划信息项，不能按区划限定"))
        )
    return found
