"""The city's register: divisions, calendar, organisations, people, systems, catalogue and bindings."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby

from django.contrib.auth.hashers import make_password
from django.db import transaction

from jutong.center.catalog.actions.binding import bind as bind_entry
from jutong.center.catalog.actions.importing import ImportRow, import_published
from jutong.center.catalog.fields import EntryFields, ItemFields
from jutong.center.catalog.models import Entry
from jutong.center.clocks import queries as clocks
from jutong.center.clocks.calendars import load_calendar_year
from jutong.center.fleet.models import Source
from jutong.center.org.actions.people import create_user
from jutong.center.org.actions.posts import appoint
from jutong.center.org.actions.register import DivisionRow, create_organisation, load_divisions
from jutong.center.org.actions.systems import register_system
from jutong.center.org.actor import platform_actor
from jutong.center.org.models import Division, Organisation
from jutong.demo.catalog_bound import BOUND_ENTRIES
from jutong.demo.catalog_data import all_entries
from jutong.demo.catalog_entry import CatalogEntry
from jutong.demo.city import DEPARTMENTS, DIVISIONS, PEOPLE, SYSTEMS
from jutong.kernel.calendar import YearStatus
from jutong.standards import holidays
from jutong.standards.divisions import level, national

BY = platform_actor("演示数据")
PROVISIONAL_YEAR = 2027
LEAST_GRADE = "general-1"
LEVELS = {"province": "province", "prefecture": "city", "city": "city", "county": "county"}


@transaction.atomic
def load(now: datetime) -> None:
    """Load everything that is not the catalogue."""
    _load_divisions(now)
    _load_calendar(now)
    if Organisation.objects.filter(code=DEPARTMENTS[0].code).exists():
        return
    for row in DEPARTMENTS:
        create_organisation(
            code=row.code,
            name=row.name,
            short_name=row.short_name,
            division_code=row.division_code,
            data_office=row.office,
            kind=row.kind,
            line=row.line,
            is_authority=row.is_authority,
            by=BY,
            now=now,
        )
    _load_people(now)
    organisations = _organisations()
    for system in SYSTEMS:
        register_system(
            organisation=organisations[system.department],
            name=system.name,
            protection_level=system.protection_level,
            by=BY,
            now=now,
        )


def _organisations() -> dict[str, Organisation]:
    by_code = {row.code: row for row in Organisation.objects.all()}
    return {row.key: by_code[row.code] for row in DEPARTMENTS}


def _load_divisions(now: datetime) -> None:
    if Division.objects.filter(code=DIVISIONS[0].code).exists():
        return
    today = now.date()
    real = [
        DivisionRow(row.code, row.name, LEVELS[level(row.code)], _parent(row.code), row.valid_from)
        for row in national()
        if row.in_force(today) and not row.statistical
    ]
    load_divisions(rows=real, source="GB/T 2260", by=BY, now=now)
    local = [
        DivisionRow(row.code, row.name, row.level, row.parent_code, row.valid_from, row.valid_until, is_demo=True)
        for row in DIVISIONS
    ]
    load_divisions(rows=local, source="演示区划", by=BY, now=now)


def _parent(code: str) -> str:
    if code.endswith("0000"):
        return ""
    return code[:2] + "0000" if code.endswith("00") else code[:4] + "00"


def _load_calendar(now: datetime) -> None:
    if clocks.calendar().year_status(PROVISIONAL_YEAR) is not YearStatus.MISSING:
        return
    year = holidays.shipped_provisional(PROVISIONAL_YEAR)
    load_calendar_year(year=year.year, rows=year.rows, provisional=True, source=year.source, by=BY, now=now)


def _load_people(now: datetime) -> None:
    from jutong.demo.load import PASSWORD  # noqa: PLC0415 - load imports this module

    organisations = _organisations()
    encoded = make_password(PASSWORD)
    for person in PEOPLE:
        user = create_user(
            username=person.username,
            name=person.display_name,
            password=PASSWORD,
            encoded=encoded,
            must_change_password=False,
            by=BY,
            now=now,
        )
        for role in person.roles:
            appoint(user=user, organisation=organisations[person.department], role=role, by=BY, now=now)


@transaction.atomic
def load_catalog(now: datetime) -> None:
    """Take over the published catalogue, department by department."""
    if Entry.objects.exists():
        return
    organisations = _organisations()
    rows = sorted(all_entries(), key=lambda row: row.department)
    for key, entries in groupby(rows, key=lambda row: row.department):
        wanted = [ImportRow(_fields(row), [_item(row, at) for at in range(len(row.items))]) for row in entries]
        import_published(organisation=organisations[key], rows=wanted, by=BY, now=now)


def _fields(row: CatalogEntry) -> EntryFields:
    return EntryFields(
        name=row.name,
        classification=row.classification,
        summary=row.summary,
        domain=row.domain,
        data_format=row.data_format,
        update_cycle=row.update_cycle,
        share_attribute=row.share_attribute,
        share_way=row.share_way,
        share_scope=row.share_scope,
        share_purpose=row.share_purpose,
        use_conditions=row.use_conditions,
        refusal_reason=row.refusal_reason,
        basis_kind=row.basis_kind,
        basis_title=row.basis_title,
        basis_article=row.basis_article,
        grade=row.grade,
        is_open=row.is_open,
        not_secret=True,
        origin=row.origin,
    )


def _item(row: CatalogEntry, at: int) -> ItemFields:
    item = row.items[at]
    return ItemFields(
        name=item.name,
        data_type=item.data_type,
        length=item.length,
        column=item.column,
        is_key=item.is_key,
        is_personal=item.is_personal,
        is_sensitive=item.is_sensitive,
        grade=item.grade,
        widest_mode=item.widest_mode,
        mask=item.mask,
        note=item.note,
        is_open=row.is_open and not item.is_personal and item.grade == LEAST_GRADE,
    )


def bind(now: datetime) -> None:
    """Bind the hand-written entries to the tables the node found, as each department's steward would."""
    organisations = _organisations()
    for row in BOUND_ENTRIES:
        entry = Entry.objects.filter(
            organisation=organisations[row.department], published_name=row.name, is_bound=False
        ).first()
        source = Source.objects.filter(name=row.source).first()
        if entry is None or source is None:
            continue
        table = next((each for each in source.tables if each["name"] == row.table), None)
        if table is not None:
            columns = {item.name: item.column for item in row.items if item.column}
            bind_entry(
                entry=entry,
                source=row.source,
                schema_name=table["schema_name"],
                table=row.table,
                columns=columns,
                by=BY,
                now=now,
            )
