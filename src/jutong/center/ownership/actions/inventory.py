"""What people add to the inventories: which system an entry comes from, and the review of what is not shared."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction

from jutong.center.audit.actions import record
from jutong.center.catalog.enums import ShareAttribute
from jutong.center.catalog.models import Entry
from jutong.center.org.actor import Actor
from jutong.center.org.models import InformationSystem
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY, require
from jutong.center.ownership.errors import NotWithheldError
from jutong.center.ownership.models import EntrySystem, WithholdingReview
from jutong.center.ownership.texts import problem, required
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import InvalidInputError, NotFoundError
from jutong.kernel.i18n import gettext_noop

LIST_CLAUSE = "政务数据共享条例第十五条"


@transaction.atomic
def link_system(*, system: InformationSystem, codes: Iterable[str], by: Actor, now: datetime) -> int:
    """Say which entries of the department come from one of its systems; others are no longer. Returns how many do.

    Raises:
        NotFoundError: if the system or an entry is another department's.
        ForbiddenError: if ``by`` does not compile the catalog.
    """
    require(by, Permission.CATALOG_ENTRY_EDIT)
    own = by.organisation_id or NOBODY
    locked = InformationSystem.objects.select_for_update().filter(id=system.id, organisation_id=own).first()
    if locked is None:
        raise NotFoundError(what=system.name)
    wanted = set(codes)
    entries = {row.code: row for row in Entry.objects.filter(organisation_id=own, code__in=wanted)}
    missing = sorted(wanted - entries.keys())
    if missing:
        raise NotFoundError(what="、".join(missing[:5]))
    linked = set(locked.entry_links.values_list("entry__code", flat=True))
    locked.entry_links.exclude(entry__code__in=wanted).delete()
    EntrySystem.objects.bulk_create(
        EntrySystem(entry=entries[code], system=locked, linked_by_id=by.user_id, linked_at=now)
        for code in sorted(wanted - linked)
    )
    record(
        event="ownership:system:link",
        by=by,
        now=now,
        subject_kind="system",
        subject_id=locked.id,
        subject_label=locked.name,
        entries=len(wanted),
    )
    return len(wanted)


@transaction.atomic
def record_withholding_review(
    *, entry: Entry, document_number: str, reviewed_on: date, review_again_on: date, by: Actor, now: datetime
) -> WithholdingReview:
    """Record that the authority reviewed an entry of the negative list, and when it will again.

    Raises:
        NotWithheldError: if the entry is shared.
        InvalidInputError: without a document number, with a review to come or a next one that is not later.
        NotFoundError: if it is another division's.
        ForbiddenError: if ``by`` does not review.
    """
    require(by, Permission.CATALOG_ENTRY_REVIEW)
    rows = Entry.objects.select_for_update(of=("self",)).filter(published__isnull=False)
    locked = rows.filter(id=entry.id, organisation__division_code=by.division_code).first()
    if locked is None:
        raise NotFoundError(what=entry.code)
    if locked.share_attribute != ShareAttribute.NONE:
        raise NotWithheldError(name=locked.published_name)
    number = required(document_number, "document_number", gettext_noop("审核文号"), LIST_CLAUSE, longest=64)
    if reviewed_on > civil_date(now) or review_again_on <= reviewed_on:
        message = gettext_noop("审核日期不能是将来，复核日期要晚于审核日期")
        label, found = gettext_noop("复核日期"), review_again_on.isoformat()
        raise InvalidInputError(problems=[problem("review_again_on", label, LIST_CLAUSE, message, found=found)])
    made, _ = WithholdingReview.objects.update_or_create(
        entry=locked,
        defaults={
            "document_number": number,
            "reviewed_on": reviewed_on,
            "review_again_on": review_again_on,
            "recorded_by_id": by.user_id,
            "recorded_at": now,
        },
    )
    record(
        event="ownership:withholding:review",
        by=by,
        now=now,
        subject_kind="entry",
        subject_id=locked.code,
        subject_label=locked.published_name,
        review_again_on=review_again_on.isoformat(),
    )
    return made
