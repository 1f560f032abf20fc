"""The register of divisions and organisations."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import get_language, gettext

from jutong.center.audit.actions import record
from jutong.center.constraints import constraint_errors
from jutong.center.org.actor import Actor
from jutong.center.org.enums import DivisionLevel, OrganisationKind
from jutong.center.org.errors import (
    AuthorityExistsError,
    DivisionExistsError,
    DivisionUnknownError,
    OrganisationClosedError,
    OrganisationExistsError,
)
from jutong.center.org.models import Division, Organisation, Post
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import divisions_on, require
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import SOURCE_LANGUAGE
from jutong.standards import credit_code


@dataclass(frozen=True, slots=True)
class DivisionRow:
    """One division to load. ``valid_until`` is the first day it no longer holds."""

    code: str
    name: str
    level: str
    parent_code: str
    valid_from: date
    valid_until: date | None = None
    is_demo: bool = False


def _division(row: DivisionRow) -> Division:
    return Division(
        code=row.code,
        name=row.name,
        level=DivisionLevel(row.level),
        parent_code=row.parent_code,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        is_demo=row.is_demo,
    )


@transaction.atomic
def create_division(*, row: DivisionRow, by: Actor, now: datetime) -> Division:
    """Register one division from a day on.

    Raises:
        DivisionExistsError: if the code is registered from that day.
        ForbiddenError: if ``by`` does not manage divisions.
    """
    require(by, Permission.ORG_DIVISION_MANAGE)
    division = _division(row)
    with constraint_errors(division_once_per_start=DivisionExistsError(division=row.code, start=row.valid_from)):
        division.save(force_insert=True)
    record(
        event="org:division:create",
        by=by,
        now=now,
        subject_kind="division",
        subject_id=division.code,
        subject_label=division.name,
        valid_from=row.valid_from.isoformat(),
    )
    return division


@transaction.atomic
def load_divisions(*, rows: Iterable[DivisionRow], source: str, by: Actor, now: datetime) -> int:
    """Register a whole table of divisions; rows that are there stay as they are. Returns how many came in.

    Raises:
        ForbiddenError: if ``by`` does not manage divisions.
    """
    require(by, Permission.ORG_DIVISION_MANAGE)
    before = Division.objects.count()
    Division.objects.bulk_create(map(_division, rows), batch_size=1000, ignore_conflicts=True)
    added = Division.objects.count() - before
    record(
        event="org:division:load",
        by=by,
        now=now,
        subject_kind="division",
        subject_id="table",
        subject_label=source,
        added=added,
    )
    return added


@transaction.atomic
def create_organisation(
    *,
    code: str,
    name: str,
    short_name: str,
    division_code: str,
    data_office: str,
    by: Actor,
    now: datetime,
    kind: str = OrganisationKind.DEPARTMENT,
    line: str = "",
    parent: Organisation | None = None,
    is_authority: bool = False,
) -> Organisation:
    """Register a department with its 政务数据共享工作机构 (条例 11).

    Raises:
        InvalidInputError: for a wrong credit code (GB 32100), an empty name or a missing data office.
        DivisionUnknownError: if no division with this code is in force.
        OrganisationExistsError: if the credit code is registered.
        AuthorityExistsError: if the division has its authority.
        ForbiddenError: if ``by`` does not manage organisations.
    """
    require(by, Permission.ORG_ORGANISATION_MANAGE)
    _check_organisation(code=code, name=name, data_office=data_office)
    if not divisions_on(civil_date(now)).filter(code=division_code).exists():
        raise DivisionUnknownError(division=division_code)
    organisation = Organisation(
        code=credit_code.normalise(code),
        name=name.strip(),
        short_name=short_name.strip() or name.strip()[:32],
        kind=OrganisationKind(kind),
        division_code=division_code,
        line=line,
        parent=parent,
        is_authority=is_authority,
        data_office=data_office.strip(),
        created_at=now,
    )
    with constraint_errors(
        org_organisation_code_key=OrganisationExistsError(found=organisation.code),
        one_authority_per_division=AuthorityExistsError(division=division_code),
    ):
        organisation.save(force_insert=True)
    record(
        event="org:organisation:create",
        by=by,
        now=now,
        subject_kind="organisation",
        subject_id=organisation.code,
        subject_label=organisation.name,
        division=division_code,
        is_authority=is_authority,
    )
    return organisation


@transaction.atomic
def close_organisation(*, organisation: Organisation, by: Actor, now: datetime) -> Organisation:
    """Close an organisation: its open posts end, what it did stays.

    Raises:
        OrganisationClosedError: if it was closed before.
        ForbiddenError: if ``by`` does not manage organisations.
    """
    require(by, Permission.ORG_ORGANISATION_MANAGE)
    locked = Organisation.objects.select_for_update().get(id=organisation.id)
    if locked.closed_at is not None:
        raise OrganisationClosedError(organisation=locked.name)
    locked.closed_at = now
    locked.is_authority = False
    locked.save(update_fields=["closed_at", "is_authority"])
    ended = Post.objects.filter(organisation=locked, ended_at=None).update(ended_at=now)
    record(
        event="org:organisation:close",
        by=by,
        now=now,
        subject_kind="organisation",
        subject_id=locked.code,
        subject_label=locked.name,
        posts_ended=ended,
    )
    return locked


def _check_organisation(*, code: str, name: str, data_office: str) -> None:
    finding = credit_code.check(code)
    problems = [finding.as_row(gettext("统一社会信用代码"), get_language() or SOURCE_LANGUAGE)] if finding else []
    for field, value, clause in (
        (gettext("单位名称"), name, "1272号"),
        (gettext("政务数据共享工作机构"), data_office, "条例第十一条"),
    ):
        if not value.strip():
            problems.append({"field": field, "found": "", "clause": clause, "message": gettext("必须填写")})
    if problems:
        raise InvalidInputError(problems=problems)
