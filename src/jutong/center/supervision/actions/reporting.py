"""What no scan can see is reported by departments; platforms are registered (条例 31, 39(8))."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext

from jutong.center.audit import actions as audit
from jutong.center.constraints import constraint_errors
from jutong.center.org.actor import Actor
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, own_organisation, require
from jutong.center.sharing.models import Violation
from jutong.center.supervision.actions import _common as common
from jutong.center.supervision.actions.finding import Evidence, Finding, open_case
from jutong.center.supervision.errors import OwnReportError, PlatformKnownError, ReportedTwiceError
from jutong.center.supervision.models import Case, ExchangePlatform
from jutong.center.supervision.rules import OPEN
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop
from jutong.kernel.ids import uuid7
from jutong.standards.violations import offences

DETECTOR = "report"
REPORTED = gettext_noop("有部门反映：{said}")
REPORTABLE = ("P2", "P3", "P7", "P8", "R1", "R2", "R3", "R6", "R7", "A1", "A2", "A3")
"""What a department can report; the rest is found by clocks."""


@transaction.atomic
def report_violation(
    *, code: str, organisation: Organisation, text: str, link: str = "", by: Actor, now: datetime
) -> Case:
    """Report a violation to whoever judges it; the one it is about is not told by whom.

    Args:
        code: one of ``REPORTABLE``.
        organisation: whom it is about.
        text: what happened, at most 2000 characters.
        link: a page of the platform that shows it, such as ``/grants/GQ20261109-0001``.
        by: somebody of a department.
        now: when.

    Raises:
        OwnReportError: about the own organisation.
        ReportedTwiceError: while the department's report of the same is open.
        InvalidInputError: for another code, no text, or a link that leads out of the platform.
    """
    require(by, Permission.SUPERVISION_VIOLATION_REPORT)
    own = own_organisation(by)
    if organisation.id == own.id:
        raise OwnReportError
    if code not in REPORTABLE:
        raise _wrong("code", code, gettext("请选择违规情形"))
    if link and (not link.startswith("/") or link.startswith("//") or not link.isprintable() or len(link) > 200):  # noqa: PLR2004 - as wide as a notice's link
        raise _wrong("link", link[:40], gettext("请填平台内的页面地址，以/开头"))
    clean = common.require_text(text)
    Organisation.objects.select_for_update().get(id=own.id)
    before = Case.objects.filter(reporter=own, concerned=organisation, code=code, state__in=OPEN).first()
    if before is not None:
        raise ReportedTwiceError(who=organisation.short_name, number=before.number)
    number = str(uuid7())
    violation = Violation.objects.create(
        code=code, clause=offences()[code].clause, organisation=organisation, subject_kind=DETECTOR,
        subject_id=number, subject_label=offences()[code].name, found_at=now,
    )  # fmt: skip
    evidence = (Evidence("page", link, link, link),) if link else ()
    finding = Finding(
        code, organisation, DETECTOR, number, offences()[code].name, DETECTOR, REPORTED, {"said": clean}, evidence
    )  # fmt: skip
    return open_case(violation, finding, by, now, reporter=(by.user_id or NOBODY, own.id))


@transaction.atomic
def register_platform(
    *, name: str, joined_on: date | None = None, document: str = "", by: Actor, now: datetime
) -> ExchangePlatform:
    """Register a platform the department runs for sharing, brought into the national system or not (条例 31).

    Raises:
        PlatformKnownError: for a second one of that name.
        InvalidInputError: without a name, or for a day without the document that shows it.
    """
    require(by, Permission.CATALOG_ENTRY_BIND)
    clean, paper = name.strip(), document.strip()
    if not 1 <= len(clean) <= 128:  # noqa: PLR2004 - the column's width
        raise _wrong("name", clean[:40], gettext("请填平台名称，最多128字"))
    _check_joining(joined_on, paper)
    made = ExchangePlatform(
        organisation=own_organisation(by), name=clean, joined_on=joined_on, document=paper,
        registered_by_id=by.user_id or NOBODY, registered_at=now,
    )  # fmt: skip
    with constraint_errors(platform_once=PlatformKnownError(name=clean)):
        made.save(force_insert=True)
    _record("register", made, by, now)
    return made


@transaction.atomic
def join_platform(
    *, platform: ExchangePlatform, joined_on: date, document: str, by: Actor, now: datetime
) -> ExchangePlatform:
    """Say on what day and by what document an own platform was brought into the national system."""
    require(by, Permission.CATALOG_ENTRY_BIND)
    _check_joining(joined_on, document.strip())
    own = ExchangePlatform.objects.select_for_update().get(id=platform.id, organisation_id=by.organisation_id or NOBODY)
    own.joined_on, own.document = joined_on, document.strip()
    own.save(update_fields=["joined_on", "document"])
    _record("join", own, by, now)
    return own


def _check_joining(joined_on: date | None, document: str) -> None:
    if (joined_on is not None and not document) or len(document) > 128:  # noqa: PLR2004 - the column's width
        raise _wrong("document", document[:40], gettext("请填纳入全国一体化政务大数据体系的依据文件"))


def _record(verb: str, platform: ExchangePlatform, by: Actor, now: datetime) -> None:
    audit.record(
        event=f"supervision:platform:{verb}", by=by, now=now, subject_kind="exchange-platform",
        subject_id=platform.id, subject_label=platform.name, joined=platform.joined_on is not None,
    )  # fmt: skip


def _wrong(field: str, found: str, message: str) -> InvalidInputError:
    row = {"field": field, "found": found, "allowed": message, "message": message, "clause": ""}
    return InvalidInputError(problems=[row])
