"""Code tables: the shipped ones taken over, further editions loaded, and mappings settled by a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext

from jutong.center.audit import actions as audit
from jutong.center.norms.enums import Certainty, MappingKind
from jutong.center.norms.errors import CodeFileError, CodeUnknownError, EditionOlderError
from jutong.center.norms.models import CodeMapping, CodeTable, CodeTableEdition, CodeValue
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.org.permissions import Permission
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop
from jutong.standards import code_tables
from jutong.standards.code_tables import BadRow, CodeRow, ShippedTable, read_codes
from jutong.standards.codes import DIVISIONS, PLAIN, Change, Span, changes, editions

_LOCK = 0x6A75_6E74
_BATCH = 2000
_SHIPPED_BY = gettext_noop("平台自带")
_TAKEN = gettext_noop("应为1-{n}个字")
_KEY_LENGTH, _NAME_LENGTH = 64, 128


@dataclass(frozen=True, slots=True)
class TableHead:
    """What a code table is called and where it comes from."""

    key: str
    name: str
    standard: str = ""
    source: str = ""


@transaction.atomic
def load_shipped_tables(*, by: Actor, now: datetime) -> int:
    """Take the shipped code tables into the registry; those whose content is there already are left alone.

    Returns how many were loaded. Mappings a person settled outlive a new shipped edition.

    Raises:
        ForbiddenError: if ``by`` may not load tables.
    """
    org.require(by, Permission.NORMS_TABLE_LOAD)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
    known = dict(CodeTable.objects.values_list("key", "digest"))
    missing = [table for table in code_tables.shipped() if known.get(table.key) != table.digest]
    for table in missing:
        _take_over(table, by, now)
    return len(missing)


def _take_over(table: ShippedTable, by: Actor, now: datetime) -> None:
    row, _created = CodeTable.objects.update_or_create(
        key=table.key,
        defaults={
            "name": table.name, "name_en": table.name_en, "standard": table.standard, "source": table.source,
            "digest": table.digest, "updated_at": now,
        },
        create_defaults={
            "name": table.name, "name_en": table.name_en, "standard": table.standard, "source": table.source,
            "digest": table.digest, "created_at": now, "updated_at": now,
        },
    )  # fmt: skip
    CodeValue.objects.filter(table=row).delete()
    CodeTableEdition.objects.filter(table=row).delete()
    CodeMapping.objects.filter(table=row, decided_by="").delete()
    english = dict(table.labels_en)
    CodeValue.objects.bulk_create(
        (_value(row, span, english.get(span.code, "")) for span in table.spans), batch_size=_BATCH
    )
    found = table.changes()
    _map(row, found)
    _editions(row, table.spans, found, _SHIPPED_BY, now)
    _note(row, by, now, edition=str(editions(table.spans)[-1]), size=len(table.spans), changed=len(found))


def _value(table: CodeTable, span: Span, name_en: str = "") -> CodeValue:
    return CodeValue(
        table=table,
        code=span.code,
        name=span.name,
        name_en=name_en,
        parent=span.parent,
        valid_from=span.valid_from,
        valid_to=span.valid_to,
    )


def _map(table: CodeTable, found: Sequence[Change]) -> None:
    """Store what rules derived; where a person settled a code on that day, the person's word stands."""
    settled = set(CodeMapping.objects.filter(table=table).values_list("on", "code"))
    CodeMapping.objects.bulk_create(
        (
            CodeMapping(
                table=table, on=row.on, code=row.code, target=row.target, kind=row.kind, certainty=row.certainty,
                reason=row.reason,
            )
            for row in found
            if (row.on, row.code) not in settled
        ),
        batch_size=_BATCH,
    )  # fmt: skip


def _editions(table: CodeTable, spans: Sequence[Span], found: Sequence[Change], by: str, now: datetime) -> None:
    counts: dict[date, int] = {}
    for row in {(row.on, row.code) for row in found}:
        counts[row[0]] = counts.get(row[0], 0) + 1
    days = editions(spans)
    sizes = dict.fromkeys(days, 0)
    for span in spans:
        for day in days:
            sizes[day] += span.in_force(day)
    CodeTableEdition.objects.bulk_create(
        CodeTableEdition(
            table=table, name=f"{day:%Y-%m}" if len(days) > 1 else f"{day:%Y}", effective_from=day, size=sizes[day],
            changed=counts.get(day, 0), loaded_by=by, loaded_at=now,
        )
        for day in days
    )  # fmt: skip


@transaction.atomic
def load_edition(
    *, head: TableHead, name: str, effective_from: date, text: str, by: Actor, now: datetime
) -> CodeTableEdition:
    """Load an edition of a code table from CSV text: a new table, or the next edition of one that is there.

    Codes that are no longer in it end on its day, new ones begin; what became of each is derived at once.

    Raises:
        CodeFileError: naming the line that is no code.
        EditionOlderError: if a later edition is there.
        InvalidInputError: for a key or name that does not fit.
        ForbiddenError: if ``by`` may not load tables.
    """
    org.require(by, Permission.NORMS_TABLE_LOAD)
    _fitting(head, name)
    try:
        rows = read_codes(text)
    except BadRow as error:
        raise CodeFileError(line=error.line, problem=gettext(error.problem)) from error
    table, _created = CodeTable.objects.select_for_update().get_or_create(
        key=head.key,
        defaults={
            "name": head.name, "standard": head.standard, "source": head.source, "organisation_id": by.organisation_id,
            "created_at": now, "updated_at": now,
        },
    )  # fmt: skip
    newest = table.editions.order_by("-effective_from").first()
    if newest is not None and newest.effective_from >= effective_from:
        raise EditionOlderError(name=table.name, newest=newest.effective_from, date=effective_from)
    found = _turn(table, rows, effective_from)
    edition = CodeTableEdition.objects.create(
        table=table, name=name.strip(), effective_from=effective_from, size=len(rows),
        changed=len({row.code for row in found}), loaded_by=by.name, loaded_at=now,
    )  # fmt: skip
    table.updated_at = now
    table.save(update_fields=["updated_at"])
    _note(table, by, now, edition=str(effective_from), size=len(rows), changed=edition.changed)
    return edition


def _turn(table: CodeTable, rows: Sequence[CodeRow], on: date) -> list[Change]:
    """End what is no longer there, begin what is new, and return what became of what ended."""
    standing = {row.code: row for row in CodeValue.objects.filter(table=table, valid_to=None)}
    after = {row.code: row for row in rows}
    ended = [row for code, row in standing.items() if code not in after or after[code].name != row.name]
    begun = [row for row in rows if row.code not in standing or standing[row.code].name != row.name]
    spans = [
        *(
            Span(row.code, row.name, row.valid_from, on if row in ended else None, row.parent)
            for row in standing.values()
        ),
        *(Span(row.code, row.name, on, None, row.parent) for row in begun),
    ]
    found = [row for row in changes(spans, DIVISIONS if table.key == code_tables.DIVISIONS else PLAIN) if row.on == on]
    CodeValue.objects.filter(id__in=[row.id for row in ended]).update(valid_to=on)
    CodeValue.objects.bulk_create((_value(table, span) for span in spans if span.valid_from == on), batch_size=_BATCH)
    _map(table, found)
    return found


@transaction.atomic
def settle_mapping(
    *, table: CodeTable, on: date, code: str, targets: Sequence[str], kind: str, by: Actor, now: datetime
) -> list[CodeMapping]:
    """Say what became of a code at an edition, in place of what the rules derived; a settled mapping is sure.

    Args:
        table: the code table.
        on: the day of the edition.
        code: a code the edition before has.
        targets: codes of the edition that follow it; none for a code that was dropped.
        kind: a value of ``MappingKind`` but kept.
        by: somebody who may load tables.
        now: when.

    Raises:
        CodeUnknownError: for a code or target that is not there.
        InvalidInputError: if kind and number of targets do not go together.
    """
    org.require(by, Permission.NORMS_TABLE_LOAD)
    wanted = list(dict.fromkeys(targets))
    _matching(kind, len(wanted))
    _standing(table, [code], Q(valid_from__lt=on) & (Q(valid_to=None) | Q(valid_to__gte=on)), on)
    _standing(table, wanted, Q(valid_from__lte=on) & (Q(valid_to=None) | Q(valid_to__gt=on)), on)
    CodeMapping.objects.filter(table=table, on=on, code=code).delete()
    rows = CodeMapping.objects.bulk_create(
        CodeMapping(
            table=table, on=on, code=code, target=target, kind=kind, certainty=Certainty.SURE, reason="settled",
            decided_by=by.name,
        )
        for target in wanted or [""]
    )  # fmt: skip
    audit.record(
        event="norms:table:settle", by=by, now=now, subject_kind="code-table", subject_id=table.key,
        subject_label=table.name, on=str(on), code=code, target=",".join(wanted), kind=kind,
    )  # fmt: skip
    return rows


def _matching(kind: str, count: int) -> None:
    fits = {
        MappingKind.RENAMED: count == 1, MappingKind.MOVED: count == 1, MappingKind.MERGED: count == 1,
        MappingKind.SPLIT: count > 1, MappingKind.DROPPED: count == 0,
    }  # fmt: skip
    if kind not in fits or not fits[MappingKind(kind)]:
        message = gettext("拆分要有几个去向，取消没有去向，其余恰好一个")
        row = {"field": "kind", "found": kind, "allowed": "/".join(fits), "message": message, "clause": ""}
        raise InvalidInputError(problems=[row])


def _standing(table: CodeTable, wanted: Sequence[str], span: Q, on: date) -> None:
    known = set(CodeValue.objects.filter(span, table=table, code__in=wanted).values_list("code", flat=True))
    missing = next((code for code in wanted if code not in known), None)
    if missing is not None:
        raise CodeUnknownError(table=table.name, date=on, code=missing)


def _fitting(head: TableHead, name: str) -> None:
    problems = [
        {
            "field": field, "found": str(len(value.strip())), "allowed": f"1-{longest}",
            "message": gettext(_TAKEN).format(n=longest), "clause": "",
        }
        for field, value, longest in (
            ("key", head.key, _KEY_LENGTH), ("name", head.name, _NAME_LENGTH), ("edition", name, _KEY_LENGTH),
        )
        if not 1 <= len(value.strip()) <= longest or "\x00" in value
    ]  # fmt: skip
    if problems:
        raise InvalidInputError(problems=problems)


def _note(table: CodeTable, by: Actor, now: datetime, **details: object) -> None:
    audit.record(
        event="norms:table:load", by=by, now=now, subject_kind="code-table", subject_id=table.key,
        subject_label=table.name, **details,
    )  # fmt: skip
