"""Elements in force, what waits, and which element a name stands for."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db.models import Count, Max, Q, QuerySet

from jutong.center.norms.enums import ElementState
from jutong.center.norms.models import DataElement, ElementVersion
from jutong.center.norms.rules import OPEN_STATES
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has, require
from jutong.kernel.errors import NotFoundError
from jutong.standards.elements import Element, ElementMatch, Matcher, shipped_matcher

__all__ = [
    "ElementMatch",
    "Matcher",
    "element",
    "elements",
    "match_element",
    "matcher",
    "proposals",
    "versions",
]
GENERAL_GROUP = "DE13"


def match_element(name: str, *, comment: str = "", data_type: str = "") -> list[ElementMatch]:
    """Return the published elements a name may stand for, the surest first; see ``Matcher.match``.

    Each call asks the registry once whether elements changed; whoever matches many names asks :func:`matcher` once.
    """
    return matcher().match(name, comment=comment, data_type=data_type)


def matcher() -> Matcher:
    """Return the matcher over the published elements, or over the shipped library while none are loaded."""
    stamp = DataElement.objects.aggregate(count=Count("published"), newest=Max("updated_at"))
    return _matcher(stamp["count"], stamp["newest"]) if stamp["count"] else shipped_matcher()


@lru_cache(maxsize=2)
def _matcher(count: int, newest: Any) -> Matcher:
    rows = ElementVersion.objects.filter(state=ElementState.PUBLISHED).select_related("element")
    return Matcher(as_element(row) for row in rows.order_by("element__code"))


def as_element(row: ElementVersion) -> Element:
    """Return a version as the plain element that standards work with."""
    return Element(
        code=row.element.code,
        name=row.name,
        english_name=row.english_name,
        definition=row.definition,
        data_type=row.data_type,
        length=row.length,
        precision=row.precision,
        pattern=row.pattern,
        code_table=row.code_table,
        standard=row.standard,
        synonyms=tuple(row.synonyms),
        general=row.element.code.startswith(GENERAL_GROUP),
    )


def elements(actor: Actor, *, q: str = "", group: str = "") -> QuerySet[DataElement]:
    """Return the elements in force with their published version, in code order, for a paged list.

    Args:
        actor: who reads.
        q: part of a name, a synonym, an English name or a code.
        group: beginning of the code, such as ``DE02``.
    """
    require(actor, Permission.NORMS_NORM_VIEW)
    found = DataElement.objects.filter(published__isnull=False).select_related("published", "organisation")
    text = q.replace("\x00", "").strip()[:64]
    if text:
        found = found.filter(
            Q(published_name__icontains=text)
            | Q(code__istartswith=text)
            | Q(published__english_name__icontains=text)
            | Q(published__synonyms__contains=[text])
        )
    return found.filter(code__startswith=group).order_by("code") if group else found.order_by("code")


def element(actor: Actor, code: str) -> DataElement:
    """Return one element, in force or not.

    Raises:
        NotFoundError: if there is none, or only proposals the actor may not see.
    """
    require(actor, Permission.NORMS_NORM_VIEW)
    found = DataElement.objects.filter(code=code).select_related("published", "organisation").first()
    if found is None or not _visible(actor).filter(element=found).exists():
        raise NotFoundError(what=code)
    return found


def versions(actor: Actor, element_: DataElement) -> list[ElementVersion]:
    """Return the versions of an element the actor may see, the newest first."""
    return list(
        _visible(actor).filter(element=element_).select_related("proposed_by", "decided_by").order_by("-number")
    )


def proposals(actor: Actor) -> QuerySet[ElementVersion]:
    """Return what waits: for a reviewer everything submitted, for a proposer the own versions in the making."""
    require(actor, Permission.NORMS_NORM_VIEW)
    seen = Q(pk__in=[])
    if has(actor, Permission.NORMS_ELEMENT_REVIEW):
        seen |= Q(state=ElementState.SUBMITTED)
    if has(actor, Permission.NORMS_ELEMENT_PROPOSE):
        seen |= Q(state__in=OPEN_STATES, element__organisation_id=actor.organisation_id)
        seen |= Q(state__in=OPEN_STATES, proposed_by_id=actor.user_id)
    found = ElementVersion.objects.filter(seen, state__in=OPEN_STATES)
    return found.select_related("element__organisation", "proposed_by").order_by("-created_at", "id")


def _visible(actor: Actor) -> QuerySet[ElementVersion]:
    require(actor, Permission.NORMS_NORM_VIEW)
    seen = Q(state__in=(ElementState.PUBLISHED, ElementState.SUPERSEDED, ElementState.RETIRED))
    if has(actor, Permission.NORMS_ELEMENT_REVIEW):
        seen |= Q(state__in=(ElementState.SUBMITTED, ElementState.RETURNED))
    if actor.organisation_id is not None and has(actor, Permission.NORMS_ELEMENT_PROPOSE):
        seen |= Q(element__organisation_id=actor.organisation_id) | Q(proposed_by_id=actor.user_id)
    return ElementVersion.objects.filter(seen)
