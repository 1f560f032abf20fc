"""A library that has rows gets a new version: owner and authority agree, then it is published and its tables follow."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from datetime import datetime

from django.db import transaction
from pydantic import ValidationError

from jutong.center.audit import actions as audit
from jutong.center.care.errors import (
    EvolutionBreakingError,
    EvolutionEmptyError,
    EvolutionOpenError,
    FieldUnfitError,
    NotAskedError,
    SecondPersonError,
)
from jutong.center.care.models import Evolution, EvolutionConsent, EvolutionState
from jutong.center.care.rules import EVOLUTIONS, after
from jutong.center.library import definitions, works
from jutong.center.library.models import FeedRow, FeedState, Library, LibraryTable, WorkCause
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.contracts.library import LibraryDefinition
from jutong.contracts.library_care import CareOrder, Consent, EvolveTask, NewColumn, TableName
from jutong.kernel.canonical import canonical_json
from jutong.library.definitions import require, resolved
from jutong.library.definitions.differences import differences


def definition_now(library: Library) -> LibraryDefinition:
    """Return a library as it is published now."""
    version = library.versions.get(version=library.version)
    return LibraryDefinition.model_validate_json(canonical_json(version.definition))


def with_field(table: LibraryTable, *, name: str, title: str, element: str, now: datetime) -> LibraryDefinition:
    """Return the definition of a table's library with one more field, as a version of its own.

    Args:
        table: gets the field.
        name: of the field, as engines see it.
        title: what people call it.
        element: code of its data element, from which type and length follow.
        now: part of the version's name.

    Raises:
        FieldUnfitError: when a part is missing, or the table has the field already.
        ElementUndefinedError, DefinitionUnfitError: when it cannot be one.
    """
    had = definition_now(table.library)
    body = had.model_dump(mode="json")
    fields = next(one["fields"] for one in body["tables"] if one["name"] == table.name)
    if not (name and title and element) or name in {one["name"] for one in fields}:
        raise FieldUnfitError(reason=name[:63] or "-")
    fields.append({"name": name, "title": title, "element": element})
    body["version"] = f"{had.version.split('+')[0]}+{now:%Y%m%d%H%M%S}"
    try:
        return require(resolved(body))
    except ValidationError as error:
        raise FieldUnfitError(reason=name[:63]) from error


@transaction.atomic
def propose(*, definition: LibraryDefinition, ground: str, by: Actor, now: datetime) -> Evolution:
    """Propose a new version of a library that is published; everybody is asked whose data fills a changed table.

    Raises:
        EvolutionEmptyError: when it changes nothing.
        EvolutionBreakingError: when readers would have to change; the fields are named.
        EvolutionOpenError: when another change of the library waits.
    """
    org.require(by, Permission.LIBRARY_EVOLUTION_PROPOSE)
    library = Library.objects.select_for_update().get(code=definition.code)
    found = differences(definition_now(library), definition)
    if not found:
        raise EvolutionEmptyError(library=library.title)
    if breaking := [f"{one.table}.{one.field or one.what}" for one in found if one.effect == "breaking"]:
        raise EvolutionBreakingError(fields="、".join(breaking[:8]))
    if library.evolutions.filter(state=EvolutionState.PROPOSED).exists():
        raise EvolutionOpenError(library=library.title)
    evolution = Evolution.objects.create(
        library=library, version=definition.version, definition=definition.model_dump(mode="json"),
        differences=[asdict(one) for one in found], ground=ground[:300], proposed_by_id=by.user_id,
        organisation_id=by.organisation_id, proposed_at=now,
    )  # fmt: skip
    _record("library:evolution:propose", evolution, by, now)
    return evolution


def owners(evolution: Evolution) -> list[Organisation]:
    """Return the departments whose data fills a changed table."""
    names = {one["table"] for one in evolution.differences}
    rows = FeedRow.objects.filter(table__library=evolution.library, table__name__in=names, state=FeedState.ON)
    return list(Organisation.objects.filter(id__in=rows.values("organisation_id")).order_by("code"))


@transaction.atomic
def agree(*, evolution: Evolution, by: Actor, now: datetime) -> Evolution:
    """Agree for the own side; the last one who has to agree publishes it.

    Raises:
        NotAskedError: when nothing of the actor's department fills a changed table.
        SecondPersonError: when the actor proposed it.
        StepUnfitError: when it waits for nobody.
    """
    org.require(by, Permission.LIBRARY_EVOLUTION_AGREE)
    locked = Evolution.objects.select_for_update(of=("self",)).select_related("library__node").get(id=evolution.id)
    after(EVOLUTIONS, locked.state, "agree", "evolution")
    role = "authority" if by.role == Role.AUTHORITY else "owner"
    asked = owners(locked)
    if role == "owner" and by.organisation_id not in {one.id for one in asked}:
        raise NotAskedError
    if by.user_id is not None and by.user_id == locked.proposed_by_id:
        raise SecondPersonError
    if (role, by.organisation_id) not in {(one.role, one.organisation_id) for one in locked.consents.all()}:
        EvolutionConsent.objects.create(
            evolution=locked, organisation_id=by.organisation_id, role=role, user_id=by.user_id, name=by.name[:64],
            at=now,
        )  # fmt: skip
    _record("library:evolution:agree", locked, by, now, side=role)
    given = {(one.role, one.organisation_id) for one in locked.consents.all()}
    if any(side == "authority" for side, _ in given) and {("owner", one.id) for one in asked} <= given:
        _publish(locked, by, now)
    return locked


def _publish(evolution: Evolution, by: Actor, now: datetime) -> None:
    definition = LibraryDefinition.model_validate_json(canonical_json(evolution.definition))
    acting = by if org.has(by, Permission.LIBRARY_LIBRARY_PUBLISH) else _authority_of(evolution, by)
    definitions.publish(definition=definition, by=acting, now=now)
    evolution.state, evolution.published_at = after(EVOLUTIONS, evolution.state, "publish", "evolution"), now
    evolution.save(update_fields=["state", "published_at"])
    consents = tuple(
        Consent.model_validate({
            "role": one.role, "organisation_code": one.organisation.code if one.organisation else "",
            "name": one.name, "at_ms": int(one.at.timestamp() * 1000),
        })
        for one in evolution.consents.select_related("organisation")
    )  # fmt: skip
    for table, added in _added(evolution, definition):
        name = TableName(zone="fused", code=evolution.library.code, table=table.name)
        works.order_work(
            kind="care", body=CareOrder(task=EvolveTask(table=name, add=added, consents=consents)),
            node=evolution.library.node, library=evolution.library, table=table.name, by=by, now=now,
            cause=WorkCause.CHAIN,
        )  # fmt: skip
    _record("library:evolution:publish", evolution, by, now)


def _authority_of(evolution: Evolution, by: Actor) -> Actor:
    """Return the authority that agreed, for the publication that its agreement and the others' make complete."""
    consent = evolution.consents.filter(role="authority").select_related("user", "organisation").first()
    if consent is None or consent.user is None or consent.organisation is None:
        return by
    return Actor(
        username=consent.user.username, name=consent.name, role=Role.AUTHORITY,
        organisation_code=consent.organisation.code, organisation_name=consent.organisation.short_name,
        user_id=consent.user_id, organisation_id=consent.organisation_id,
    )  # fmt: skip


def _added(evolution: Evolution, definition: LibraryDefinition) -> Iterable[tuple[LibraryTable, tuple[NewColumn, ...]]]:
    """Yield the tables that are filled at the node, with the columns each gets."""
    new = {(one["table"], one["field"]) for one in evolution.differences if one["what"] == "added" and one["field"]}
    for table in evolution.library.tables.filter(version__isnull=False, kind="entity"):
        fields = next((one.fields for one in definition.tables if one.name == table.name), ())
        added = tuple(
            NewColumn(name=one.name, type=one.type, length=one.length if one.type == "decimal" else 0, scale=one.scale)
            for one in fields
            if (table.name, one.name) in new
        )
        if added:
            yield table, added


@transaction.atomic
def withdraw(*, evolution: Evolution, by: Actor, now: datetime) -> None:
    """Take a proposal back; whoever may propose for the department that proposed it may.

    Raises:
        StepUnfitError: when it is published or withdrawn.
        NotAskedError: when another department proposed it.
    """
    org.require(by, Permission.LIBRARY_EVOLUTION_PROPOSE)
    locked = Evolution.objects.select_for_update(of=("self",)).get(id=evolution.id)
    if by.organisation_id != locked.organisation_id:
        raise NotAskedError
    locked.state = after(EVOLUTIONS, locked.state, "withdraw", "evolution")
    locked.save(update_fields=["state"])
    _record("library:evolution:withdraw", locked, by, now)


def _record(event: str, evolution: Evolution, by: Actor, now: datetime, **details: str) -> None:
    audit.record(
        event=event, by=by, now=now, subject_kind="evolution", subject_id=evolution.id,
        subject_label=evolution.library.title, version=evolution.version, state=str(evolution.state), **details,
    )  # fmt: skip
