"""Editions of the compilation template in force here: the shipped ones and those that were loaded (条例 12)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import transaction

from jutong.center.audit.actions import record
from jutong.center.catalog.models import CatalogTemplate
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has, require
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.standards import template_document
from jutong.standards.template import TemplateEdition
from jutong.standards.template_loosening import refuse_loosening

_PAIR = 2


class TemplateTakenError(JutongError):
    """This version of the edition was loaded before, with other content."""

    code = "catalog.template.taken"
    http_status = 409
    message = gettext_noop("模板{edition}第{version}版已经装入过，内容不同。")
    next_step = gettext_noop("已装入的版本不能改；请把版本号加一后再装入。")


class TemplateDivisionError(JutongError):
    """An authority sets the template of its own division only."""

    code = "catalog.template.division"
    http_status = 403
    message = gettext_noop("模板{edition}适用于区划“{found}”，您只能装入本级区划{allowed}的模板。")
    next_step = gettext_noop("请在模板里写明本级区划代码，或请平台管理员装入。")


@dataclass(frozen=True, slots=True)
class EditionRow:
    """One line of the list of editions. ``loaded_at`` is None for one that ships with the platform."""

    edition: TemplateEdition
    loaded_at: datetime | None
    is_in_force: bool


def edition_in_force(on: date, division: str = "") -> TemplateEdition:
    """Return the edition that holds on a day in a division: the narrowest loaded one, the newest of those.

    Args:
        on: the civil day.
        division: code of six digits; empty asks for what binds everybody.
    """
    rows = [
        row
        for row in CatalogTemplate.objects.filter(effective_from__lte=on).values_list(
            "id", "division", "effective_from", "version", "loaded_at"
        )
        if division.startswith(_reach(row[1]))
    ]
    if not rows:
        return template_document.core()
    chosen = max(rows, key=lambda row: (len(_reach(row[1])), row[2], row[3], row[4]))
    return _loaded(chosen[0])


def edition(key: str) -> TemplateEdition:
    """Return an edition by its id, the newest version of it, or by ``id.version``.

    Raises:
        TemplateUnknownError: if there is none.
    """
    name, version = _split(key)
    rows = CatalogTemplate.objects.filter(edition=name).order_by("-version")
    found = (rows if version is None else rows.filter(version=version)).values_list("id", flat=True).first()
    if found is not None:
        return _loaded(found)
    shipped = template_document.shipped().get(name)
    if shipped is None or version not in {None, shipped.version}:
        raise template_document.TemplateUnknownError(found=key[:100], known="、".join(sorted(_known())))
    return shipped


def exists(key: str) -> bool:
    """Tell whether an edition may be named; an empty key names the one in force."""
    if not key:
        return True
    try:
        edition(key)
    except template_document.TemplateUnknownError:
        return False
    return True


def editions(actor: Actor, on: date) -> list[EditionRow]:
    """Return every edition, those of the actor's own area that hold today marked, the shipped ones last.

    Raises:
        ForbiddenError: if the post neither reads the catalog nor loads templates.
    """
    if not has(actor, Permission.CATALOG_TEMPLATE_LOAD):
        require(actor, Permission.CATALOG_ENTRY_VIEW)
    current = edition_in_force(on, actor.division_code)
    rows = [(_loaded(row.id), row.loaded_at) for row in CatalogTemplate.objects.only("id", "loaded_at")]
    taken = {row.key for row, _ in rows}
    shipped = [(row, None) for row in template_document.shipped().values() if row.key not in taken]
    return [EditionRow(found, at, found.key == current.key) for found, at in [*rows, *shipped]]


@transaction.atomic
def load_template(*, document: Any, by: Actor, now: datetime) -> TemplateEdition:
    """Load an edition; it holds from the day it names. Loading the same again changes nothing.

    A local edition may add to what binds everybody and tighten it, never loosen it.

    Args:
        document: the parsed JSON.
        by: an authority, for its own division, or the platform.
        now: when it is loaded.

    Raises:
        TemplateInvalidError: naming the first place of the document that is wrong.
        TemplateLoosenedError: if it asks less than the edition it stands on, or than what binds everybody.
        ClassificationError: if its classes do not fit into the tree.
        ClassificationCycleError: if they stand above one another in a circle.
        TemplateTakenError: if this version was loaded with other content.
        TemplateDivisionError: if it is another division's.
        ForbiddenError: if ``by`` loads no templates.
    """
    require(by, Permission.CATALOG_TEMPLATE_LOAD)
    known = _known()
    found = template_document.read(document, known)
    if by.division_code and found.division != by.division_code:
        raise TemplateDivisionError(edition=found.id, found=found.division, allowed=by.division_code)
    if found.division:
        refuse_loosening(edition_in_force(found.effective_from), found)
    row, is_new = CatalogTemplate.objects.get_or_create(
        edition=found.id,
        version=found.version,
        defaults={
            "division": found.division,
            "effective_from": found.effective_from,
            "document": _frozen(document, known),
            "loaded_by_id": by.user_id,
            "loaded_at": now,
        },
    )
    if not is_new and not _is_same(row.document, document):
        raise TemplateTakenError(edition=found.id, version=found.version)
    if is_new:
        record(
            event="catalog:template:load",
            by=by,
            now=now,
            subject_kind="template",
            subject_id=found.key,
            subject_label=found.title,
            division=found.division,
            effective_from=found.effective_from.isoformat(),
            fields=len(found.fields),
        )
    return _loaded(row.id)


def _known() -> Mapping[str, TemplateEdition]:
    """Return every edition by ``id.version``, and the newest version of each by its id."""
    found = [*template_document.shipped().values()]
    found += [_loaded(row_id) for row_id in CatalogTemplate.objects.order_by("version").values_list("id", flat=True)]
    return {row.key: row for row in found} | {row.id: row for row in found}


def _frozen(document: Any, known: Mapping[str, TemplateEdition]) -> Any:
    """Return the document with the version it stands on named, so that it reads the same for good."""
    base = document.get("base", "")
    return {**document, "base": known[base].key} if base else document


def _is_same(stored: Any, document: Any) -> bool:
    """Tell whether a document is the one stored, whichever version of its base it was frozen to."""
    bases = [_split(found.get("base", ""))[0] for found in (stored, document)]
    return bases[0] == bases[1] and {**stored, "base": ""} == {**document, "base": ""}


@lru_cache(maxsize=64)
def _loaded(row_id: UUID) -> TemplateEdition:
    """Return the edition of a row; rows never change, so each is read once."""
    document = CatalogTemplate.objects.values_list("document", flat=True).get(id=row_id)
    base = document.get("base", "")
    known = dict(template_document.shipped())
    if base:
        known[base] = edition(base)
    return template_document.read(document, known)


def _reach(division: str) -> str:
    """Return what the codes of a division's whole area begin with."""
    return division[:2] if division.endswith("0000") else division[:4] if division.endswith("00") else division


def _split(key: str) -> tuple[str, int | None]:
    parts = key.rsplit(".", 1)
    return (parts[0], int(parts[1])) if len(parts) == _PAIR and parts[1].isdecimal() else (key, None)
