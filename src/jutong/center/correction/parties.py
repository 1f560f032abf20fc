"""Where somebody stands towards a correction, and who answers for a value."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import Exists, OuterRef, Q

from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.correction.models import Correction, Recipient
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.org.queries import NOBODY
from jutong.center.ownership.sources import sources_of
from jutong.center.process.sides import Side

_WATCHES = {Role.AUTHORITY, Role.LEADER}


def responsible_for(entry: Entry, version: EntryVersion, items: Iterable[str]) -> Organisation:
    """Return who answers for the items: their one 数源部门 where it is another department, else the provider."""
    links, named = sources_of(entry, version), list(items)
    codes = {links[name].organisation_code if name in links else entry.organisation.code for name in named}
    if len(codes) == 1:
        return Organisation.objects.filter(code=codes.pop(), closed_at=None).first() or entry.organisation
    return entry.organisation


def _is_authority_of(correction: Correction, actor: Actor) -> bool:
    divisions = {correction.responsible.division_code, correction.provider.division_code}
    return Organisation.objects.filter(
        id=actor.organisation_id or NOBODY, is_authority=True, closed_at=None, division_code__in=divisions
    ).exists()


def sides_of(correction: Correction, actor: Actor) -> frozenset[Side]:
    """Return the sides an actor stands on; empty for somebody who may not know of the case."""
    if actor.is_platform:
        return frozenset({Side.PLATFORM, Side.NODE})
    mine = actor.organisation_id
    if mine is None:
        return frozenset()
    sides = set()
    if mine == correction.raiser_id:
        sides.add(Side.REQUESTER)
    if mine == correction.responsible_id:
        sides.add(Side.PROVIDER)
    if mine == correction.provider_id and mine != correction.responsible_id:
        sides.add(Side.HOLDER)
    if correction.recipients.filter(organisation_id=mine).exists():
        sides.add(Side.RECIPIENT)
    if actor.role in _WATCHES and _is_authority_of(correction, actor):
        sides.add(Side.AUTHORITY)
    return frozenset(sides)


def visible(actor: Actor) -> Q:
    """Return the condition for cases an actor may read: the sides, the authority of the division, the auditor."""
    if actor.role == Role.AUDITOR:
        return Q()
    own = actor.organisation_id or NOBODY
    received = Recipient.objects.filter(correction=OuterRef("pk"), organisation_id=own)
    rule = Q(raiser_id=own) | Q(responsible_id=own) | Q(provider_id=own) | Q(Exists(received))
    if actor.role in _WATCHES and Organisation.objects.filter(id=own, is_authority=True, closed_at=None).exists():
        rule |= Q(responsible__division_code=actor.division_code) | Q(provider__division_code=actor.division_code)
    return rule
