"""What a batch is judged against, fetched once for all its rows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache

import orjson
from django.db.models import Prefetch, Q

from jutong.center.catalog.checks import system_names
from jutong.center.catalog.enums import VersionKind
from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.models import Entry, EntryVersion
from jutong.center.catalog.rules import OPEN_STATES
from jutong.center.catalog.steps import written
from jutong.center.catalog.template import edition_in_force
from jutong.center.catalog.tokens import same_name_key
from jutong.center.catalog.validation import Surroundings
from jutong.center.org.models import Organisation
from jutong.center.ownership.sources import assigned_elsewhere


@dataclass(frozen=True, slots=True)
class Known:
    """An entry of the department by its names. ``newest`` is what a new file is compared with."""

    entry_id: str
    code: str
    name: str


@dataclass(slots=True)
class Department:
    """A department's entries by code and by name, and the names this batch has taken so far."""

    organisation: Organisation
    base: Surroundings
    by_code: dict[str, Known] = field(default_factory=dict)
    by_key: dict[str, Known] = field(default_factory=dict)
    taken: dict[str, int] = field(default_factory=dict)
    """Names of this batch, normalised, with the line that had each first."""
    providers: Mapping[str, str] = field(default_factory=dict)
    """Names of all organisations with their codes."""

    def match(self, code: str, name: str) -> Known | None:
        """Return the entry a row means: the one with its code, else the one with exactly its name."""
        if code:
            return self.by_code.get(code)
        found = self.by_key.get(name_key(name))
        return found if found is not None and found.name == name.strip() else None

    def look_up(self, codes: Iterable[str]) -> None:
        """Learn which of the codes that rows refer to exist."""
        wanted = set(codes)
        if wanted:
            there = frozenset(Entry.objects.filter(code__in=wanted).values_list("code", flat=True))
            self.base = replace(self.base, known_codes=(self.base.known_codes or frozenset()) | there)


def department(organisation: Organisation, on: date) -> Department:
    """Return what the rows of a department are judged against on a civil day."""
    assigned = assigned_elsewhere(organisation)
    around = Surroundings(
        organisation_code=organisation.code,
        submitter_code=organisation.code,
        system_names=system_names(organisation),
        edition=edition_in_force(on, organisation.division_code),
        assigned_elsewhere=assigned if len(assigned) else {},
    )
    found = Department(organisation, around, providers=_providers())
    making = EntryVersion.objects.filter(entry__organisation=organisation, state__in=OPEN_STATES)
    names = dict(making.values_list("entry_id", "name"))
    for entry_id, code, published, removed in Entry.objects.filter(organisation=organisation).values_list(
        "id", "code", "published_name", "removed_at"
    ):
        name = names.get(entry_id) or published
        if removed is not None or (entry_id not in names and not published):
            continue
        known = Known(str(entry_id), code, name)
        found.by_code[code] = known
        for called in {name, published} - {""}:
            found.by_key.setdefault(name_key(called), known)
    return found


def _providers() -> dict[str, str]:
    rows = Organisation.objects.filter(closed_at=None).values_list("code", "name", "short_name")
    return {called: code for code, name, short in rows for called in (name, short) if called}


def newest(entry_ids: Iterable[str]) -> dict[str, EntryVersion]:
    """Return what each entry says last: the version being made, else the published one, with its items."""
    versions = EntryVersion.objects.filter(
        Q(state__in=OPEN_STATES, kind=VersionKind.CONTENT) | Q(published_for__isnull=False),
        entry_id__in=list(entry_ids),
    ).prefetch_related(Prefetch("items"))
    return {str(version.entry_id): version for version in versions.order_by("number")}


def said(version: EntryVersion) -> tuple[EntryFields, tuple[ItemFields, ...]]:
    """Return what a version says as plain data."""
    fields, items = written(version)
    return fields, tuple(items)


def mark(version: EntryVersion) -> str:
    """Return what changes with a version's number and content, so that a later look sees whether it moved on."""
    fields, items = said(version)
    content = orjson.dumps([fields, items], default=list, option=orjson.OPT_SORT_KEYS)
    return f"{version.number}:{hashlib.sha256(content).hexdigest()[:16]}"


@lru_cache(maxsize=65_536)
def name_key(name: str) -> str:
    """Return what two names of one thing share (VC-06)."""
    return same_name_key(name)
