"""Three inventories that are views of the catalog: 信息系统, 责任清单, 负面清单."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils.translation import gettext as _

from jutong.center.catalog.enums import BasisKind, ShareAttribute, ShareWay, UpdateCycle
from jutong.center.catalog.models import Entry, Item
from jutong.center.clocks.rules import OfficePeriods
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import InformationSystem, Organisation
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, as_uuid, require
from jutong.center.ownership.enums import DesignationState
from jutong.center.ownership.models import EntrySystem, SourceDesignation, WithholdingReview
from jutong.kernel.errors import NotFoundError

_CHUNK = 500
_JOIN = "、"
_REPLY = {ShareAttribute.UNCONDITIONAL.value: "SLA-REP-U", ShareAttribute.CONDITIONAL.value: "SLA-REP-C"}


def systems(actor: Actor, *, q: str = "", only_missing: bool = False) -> QuerySet[InformationSystem]:
    """Return the information systems in use with ``entry_count``: the department's, or the division's for those above.

    A system no entry comes from has not been catalogued (rulebook P1, 条例 13, 39).

    Raises:
        ForbiddenError: if the post does not read the catalog.
    """
    require(actor, Permission.CATALOG_ENTRY_VIEW)
    found = InformationSystem.objects.filter(_seen(actor), closed_at=None, organisation__closed_at=None)
    if q:
        found = found.filter(Q(name__icontains=q) | Q(organisation__name__icontains=q))
    published = Q(entry_links__entry__published__isnull=False)
    found = found.annotate(entry_count=Count("entry_links", filter=published))
    if only_missing:
        found = found.filter(entry_count=0)
    return found.select_related("organisation").order_by("entry_count", "organisation__code", "name")


def _seen(actor: Actor) -> Q:
    if actor.role in {Role.AUTHORITY, Role.LEADER}:
        return Q(organisation__division_code=actor.division_code)
    return Q(organisation_id=actor.organisation_id or NOBODY)


def system(actor: Actor, system_id: UUID | str) -> InformationSystem:
    """Return one information system with the entries that come from it.

    Raises:
        NotFoundError: if there is none the actor may see.
        ForbiddenError: if the post does not read the catalog.
    """
    links = EntrySystem.objects.select_related("entry").order_by("entry__code")
    found = systems(actor).filter(id=as_uuid(system_id)).prefetch_related(Prefetch("entry_links", links)).first()
    if found is None:
        raise NotFoundError(what=str(system_id))
    return found


def linkable(actor: Actor, of: InformationSystem, *, q: str = "") -> QuerySet[Entry]:
    """Return the department's entries that may come from a system: linked ones, then those whose origin names it."""
    linked = EntrySystem.objects.filter(system=of, entry=OuterRef("pk"))
    found = Entry.objects.filter(organisation_id=of.organisation_id, published__isnull=False).annotate(
        is_linked=Exists(linked), is_named=Q(published__origin__icontains=of.name)
    )
    if q:
        found = found.filter(published_name__icontains=q)
    return found.select_related("published").order_by("-is_linked", "-is_named", "published_name", "code")


@dataclass(frozen=True, slots=True)
class Duty:
    """A line of 责任清单: what a department can share, on what terms."""

    number: str
    organisation: str
    code: str
    name: str
    items: tuple[str, ...]
    share_attribute: str
    share_way: str
    update_cycle: str
    promise: str
    contact: str
    source_of: tuple[str, ...]
    """Names of the items it is the designated source of."""

    def cells(self) -> tuple[str, ...]:
        """Return the line as ``duty_headers`` names it."""
        return (
            self.number,
            self.organisation,
            self.code,
            self.name,
            _JOIN.join(self.items),
            self.share_attribute,
            self.share_way,
            self.update_cycle,
            self.promise,
            self.contact,
            _JOIN.join(self.source_of),
        )


def duty_headers() -> tuple[str, ...]:
    """Return the columns of 责任清单."""
    return (
        _("编号"), _("责任部门"), _("目录代码"), _("目录名称"), _("数据项"), _("共享属性"), _("共享方式"),
        _("更新频率"), _("承诺时限"), _("联系人"), _("数源标识"),
    )  # fmt: skip


def duties(actor: Actor, *, organisation: str = "", q: str = "") -> QuerySet[Entry]:
    """Return the published entries of the actor's division that are shared, department by department.

    Raises:
        ForbiddenError: if the post does not read the catalog.
    """
    return _published(actor, organisation, q).exclude(share_attribute=ShareAttribute.NONE)


def duty_lines(entries: QuerySet[Entry] | Sequence[Entry], on: date, *, first: int = 1) -> Iterator[Duty]:
    """Yield the lines of entries; ``first`` is the number of the first."""
    number, periods = first, OfficePeriods(on)
    for chunk in _chunks(entries):
        sources = _designated(chunk)
        for entry in chunk:
            yield _duty(number, entry, sources.get(entry.id, ()), periods)
            number += 1


def _duty(number: int, entry: Entry, source_of: Sequence[str], periods: OfficePeriods) -> Duty:
    version = entry.published
    if version is None:
        raise NotFoundError(what=entry.code)
    return Duty(
        number=f"ZR-{number:05d}",
        organisation=entry.organisation.name,
        code=entry.code,
        name=version.name,
        items=tuple(item.name for item in version.items.all() if item.share_attribute != ShareAttribute.NONE),
        share_attribute=_label(ShareAttribute, version.share_attribute),
        share_way=_label(ShareWay, version.share_way),
        update_cycle=_label(UpdateCycle, version.update_cycle),
        promise=_promise(version.share_attribute, entry.organisation.code, periods),
        contact=entry.organisation.data_office,
        source_of=tuple(source_of),
    )


def _promise(attribute: str, organisation: str, periods: OfficePeriods) -> str:
    reply, supply = periods.days(_REPLY[attribute], organisation), periods.days("SLA-SUP", organisation)
    return _("%(reply)s个工作日答复，同意后%(supply)s个工作日开通") % {"reply": reply, "supply": supply}


@dataclass(frozen=True, slots=True)
class Withheld:
    """A line of 负面清单: an entry, or items of a shared one, that law forbids to share."""

    number: str
    organisation: str
    code: str
    name: str
    items: tuple[str, ...]
    reason: str
    basis_kind: str
    basis_title: str
    basis_article: str
    reviewer: str
    document_number: str
    effective_on: str
    review_again_on: str
    lacks_basis: bool
    """Whether no basis is written down although something is withheld."""
    whole: bool
    """Whether the whole entry is withheld and not single items of it."""

    def cells(self) -> tuple[str, ...]:
        """Return the line as ``withheld_headers`` names it."""
        missing = _("没有写明依据，须补") if self.lacks_basis else ""
        return (
            self.number,
            self.organisation,
            self.code,
            self.name,
            _JOIN.join(self.items),
            self.reason,
            self.basis_kind,
            self.basis_title or missing,
            self.basis_article,
            self.reviewer,
            self.document_number,
            self.effective_on,
            self.review_again_on,
        )


def withheld_headers() -> tuple[str, ...]:
    """Return the columns of 负面清单."""
    return (
        _("编号"), _("部门"), _("目录代码"), _("目录名称"), _("数据项"), _("理由"), _("依据类型"), _("依据名称"),
        _("依据条款"), _("审核单位"), _("审核文号"), _("生效日"), _("复核日"),
    )  # fmt: skip


def withheld(actor: Actor, *, organisation: str = "", q: str = "", only_lacking: bool = False) -> QuerySet[Entry]:
    """Return the published entries of the division that are not shared, or have items that are not.

    Args:
        actor: who asks.
        organisation: credit code of one department.
        q: a part of the entry's name.
        only_lacking: only those that do not write down on what law they stand.

    Raises:
        ForbiddenError: if the post does not read the catalog.
    """
    hidden = Item.objects.filter(version_id=OuterRef("published_id"), share_attribute=ShareAttribute.NONE)
    found = _published(actor, organisation, q).filter(Q(share_attribute=ShareAttribute.NONE) | Exists(hidden))
    if only_lacking:
        found = found.filter(published__basis_title="")
    review = WithholdingReview.objects.all()
    return found.prefetch_related(Prefetch("withholding_review", review))


def withheld_lines(entries: QuerySet[Entry] | Sequence[Entry], *, first: int = 1) -> Iterator[Withheld]:
    """Yield the lines of entries; ``first`` is the number of the first."""
    number = first
    for chunk in _chunks(entries):
        authorities = _authorities({entry.organisation.division_code for entry in chunk})
        for entry in chunk:
            yield _withheld(number, entry, authorities.get(entry.organisation.division_code, ""))
            number += 1


def _withheld(number: int, entry: Entry, reviewer: str) -> Withheld:
    version = entry.published
    if version is None:
        raise NotFoundError(what=entry.code)
    whole = version.share_attribute == ShareAttribute.NONE
    review = getattr(entry, "withholding_review", None)
    began = version.effective_from or (version.published_at.date() if version.published_at else None)
    items = [item.name for item in version.items.all() if whole or item.share_attribute == ShareAttribute.NONE]
    return Withheld(
        number=f"FM-{number:05d}",
        organisation=entry.organisation.name,
        code=entry.code,
        name=version.name,
        items=tuple(items),
        reason=version.refusal_reason,
        basis_kind=_label(BasisKind, version.basis_kind),
        basis_title=version.basis_title,
        basis_article=version.basis_article,
        reviewer=reviewer,
        document_number=review.document_number if review else "",
        effective_on=began.isoformat() if began else "",
        review_again_on=review.review_again_on.isoformat() if review else "",
        lacks_basis=not (version.basis_kind and version.basis_title and version.basis_article),
        whole=whole,
    )


def departments(actor: Actor) -> QuerySet[Organisation]:
    """Return the departments of the actor's division that have published something, for filters."""
    require(actor, Permission.CATALOG_ENTRY_VIEW)
    holds = Entry.objects.filter(organisation=OuterRef("pk"), published__isnull=False)
    return Organisation.objects.filter(Exists(holds), division_code=actor.division_code).order_by("code")


def _published(actor: Actor, organisation: str, q: str) -> QuerySet[Entry]:
    require(actor, Permission.CATALOG_ENTRY_VIEW)
    found = Entry.objects.filter(published__isnull=False, organisation__division_code=actor.division_code)
    if organisation:
        found = found.filter(organisation__code=organisation)
    if q:
        found = found.filter(published_name__icontains=q)
    return (
        found.select_related("organisation", "published")
        .prefetch_related("published__items")
        .order_by("organisation__code", "code")
    )


def _chunks(entries: QuerySet[Entry] | Sequence[Entry]) -> Iterator[list[Entry]]:
    """Yield entries in chunks, so that a file of a hundred thousand lines needs the memory of five hundred."""
    rows: Iterable[Entry] = entries.iterator(chunk_size=_CHUNK) if isinstance(entries, QuerySet) else entries
    chunk: list[Entry] = []
    for entry in rows:
        chunk.append(entry)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _designated(entries: Sequence[Entry]) -> Mapping[UUID, tuple[str, ...]]:
    """Return the names of the items an entry is the designated source of, by entry."""
    rows = SourceDesignation.objects.filter(entry__in=entries, state=DesignationState.DESIGNATED)
    found: dict[UUID, tuple[str, ...]] = {}
    for entry_id, name in rows.order_by("subject__name").values_list("entry_id", "subject__name"):
        found[entry_id] = (*found.get(entry_id, ()), name)
    return found


def _authorities(division_codes: Iterable[str]) -> dict[str, str]:
    rows = Organisation.objects.filter(division_code__in=division_codes, is_authority=True, closed_at=None)
    return dict(rows.values_list("division_code", "name"))


def _label(kind: type[ShareAttribute | ShareWay | UpdateCycle | BasisKind], value: str) -> str:
    return str(kind(value).label) if value else ""
