"""Sources and collection plans under way in the city, so that their pages show something at the first start."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from jutong.center.catalog.models import Entry
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import InformationSystem, Organisation, Post
from jutong.center.org.queries import actor_for
from jutong.center.ownership import actions
from jutong.center.ownership.actions import Answer
from jutong.center.ownership.enums import FieldChoice, Stance
from jutong.center.ownership.holdings import follow
from jutong.center.ownership.models import CollectionPlan, ItemSubject, SourceDesignation
from jutong.kernel.clock import civil_date


@dataclass(frozen=True)
class _Wanted:
    """A source to propose: of what, in which entry, why; heard and designated, or left open."""

    item: str
    entry: str
    basis: str
    decided: bool


_SOURCES = (
    _Wanted("出生日期", "户籍人口基本信息", "公安机关办理户口登记时采集", decided=True),
    _Wanted("婚姻状况", "户籍人口基本信息", "户口登记项目，按婚姻登记结果变更", decided=False),
)
_FORM = """公民身份号码 儿童的
出生日期 儿童的
婚姻状况 监护人的
不动产权证号 住房证明
就读意愿 家长填写
接送方式 家长填写"""
_SYSTEM_ENTRIES = {
    "婚姻登记系统": ("婚姻",),
    "人口信息管理系统": ("常住人口", "户籍"),
    "不动产登记系统": ("不动产",),
    "中小学学籍管理系统": ("学籍",),
    "经营主体登记系统": ("企业登记", "个体工商户"),
    "社会救助业务系统": ("最低生活保障", "特困人员"),
}
"""Words in the names of the entries that come from a system; the other systems stand there without any."""


@transaction.atomic
def load(now: datetime) -> None:
    """Follow the catalog, then propose, designate and register through the actions; a second time does nothing."""
    follow(now, limit=100_000)
    if SourceDesignation.objects.exists() or CollectionPlan.objects.exists():
        return
    for wanted in _SOURCES:
        _propose(wanted, now)
    _plan(now)
    _link(now)


def _propose(wanted: _Wanted, now: datetime) -> None:
    subject = ItemSubject.objects.filter(name=wanted.item, organisation_count__gt=1).first()
    authority = _in_post(Role.AUTHORITY)
    if subject is None or authority is None:
        return
    held = subject.holdings.filter(entry__published_name=wanted.entry).select_related("entry").first()
    if held is None:
        return
    made = actions.propose_source(subject=subject, entry=held.entry, basis=wanted.basis, by=authority, now=now)
    for steward in _stewards(made) if wanted.decided else ():
        actions.state_position(designation=made, stance=Stance.AGREE, text="", by=steward, now=now)
    if wanted.decided and not made.positions.filter(stance="").exists():
        actions.designate(designation=made, entry=held.entry, effective_on=civil_date(now), by=authority, now=now)


def _stewards(made: SourceDesignation) -> list[Actor]:
    """Return a steward of each department that was asked, of those that have one."""
    asked = [row.organisation for row in made.positions.select_related("organisation")]
    return [steward for department in asked if (steward := _in_post(Role.STEWARD, department)) is not None]


def _plan(now: datetime) -> None:
    department = Organisation.objects.filter(short_name="市教育局").first()
    steward = _in_post(Role.STEWARD, department) if department else None
    if steward is None:
        return
    plan = actions.create_plan(
        kind="form", name="义务教育入学登记表", purpose="办理义务教育入学登记（义务教育法第十二条）",
        fields=actions.read_fields(_FORM), by=steward, now=now,
    )  # fmt: skip
    actions.check_plan(plan=plan, by=steward, now=now)
    actions.resolve_fields(plan=plan, answers=dict(_answers(plan)), by=steward, now=now)
    actions.submit_plan(plan=plan, by=steward, now=now)


def _answers(plan: CollectionPlan) -> Iterable[tuple[int, Answer]]:
    """Reuse what was found, and ask again for one thing with a reason, so that the authority has to decide."""
    asked_again = False
    for field in plan.fields.exclude(choice=FieldChoice.COLLECT).prefetch_related("hits__entry"):
        hit = next(iter(field.hits.all()))
        if asked_again or field.name != "婚姻状况":
            yield field.position, Answer(FieldChoice.REUSE.value, hit.entry.code)
        else:
            asked_again = True
            yield field.position, Answer(FieldChoice.JUSTIFY.value, justification="离异家庭须当年确认监护人")


def _link(now: datetime) -> None:
    for name, words in _SYSTEM_ENTRIES.items():
        system = InformationSystem.objects.filter(name=name).select_related("organisation").first()
        steward = _in_post(Role.STEWARD, system.organisation) if system else None
        if system is None or steward is None:
            continue
        entries = Entry.objects.filter(organisation=system.organisation, published__isnull=False)
        codes = [entry.code for entry in entries if any(word in entry.published_name for word in words)]
        actions.link_system(system=system, codes=codes, by=steward, now=now)


def _in_post(role: Role, organisation: Organisation | None = None) -> Actor | None:
    """Return somebody in an open post of a role."""
    posts = Post.objects.filter(role=role, ended_at=None).select_related("user", "organisation")
    post = (posts.filter(organisation=organisation) if organisation else posts).first()
    return actor_for(post) if post else None
