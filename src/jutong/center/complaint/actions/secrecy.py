"""Legal bases not to tell a person yet, each with the day it ends (个人信息保护法 18, 35)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction

from jutong.center.audit import actions as audit
from jutong.center.complaint.actions._common import wrong
from jutong.center.complaint.errors import NotHolderOfGrantError, SecrecyOpenError
from jutong.center.complaint.models import Secrecy
from jutong.center.constraints import constraint_errors
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor, platform_actor
from jutong.center.org.permissions import Permission
from jutong.center.sharing.actions._common import notify
from jutong.center.sharing.models import Grant
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import InvalidInputError
from jutong.kernel.i18n import gettext_noop

CLAUSE = "个人信息保护法 35"
LONGEST = timedelta(days=366)
"""A basis is stated for a year at most and then stated again or not; the law gives no number."""
_TITLE, _ARTICLE = 128, 64
DISCLOSED = gettext_noop("授权{number}的使用自今天起向本人显示：登记的保密依据{basis}已到期")


@transaction.atomic
def state_secrecy(
    *, grant: Grant, basis_title: str, basis_article: str, until: date | None, by: Actor, now: datetime
) -> Secrecy:
    """State the law under which uses of a grant are not shown to the person until a day.

    Raises:
        NotHolderOfGrantError: for a department that does not use the data.
        InvalidInputError: without title, article and a day within a year.
        SecrecyOpenError: if one is stated already.
    """
    org.require(by, Permission.COMPLAINT_CASE_HANDLE)
    if grant.requester_id != by.organisation_id:
        raise NotHolderOfGrantError(number=grant.number)
    today, rows = civil_date(now), []
    for place, label, text, limit in (
        ("basis_title", gettext_noop("法律、行政法规名称"), basis_title, _TITLE),
        ("basis_article", gettext_noop("条款"), basis_article, _ARTICLE),
    ):
        if not 1 <= len(text.strip()) <= limit or "\x00" in text:
            rows.append(wrong(place, label, gettext_noop("必须填写，不能太长"), CLAUSE))
    if until is None or not today < until <= today + LONGEST:
        rows.append(wrong("until", gettext_noop("保密到哪天"), gettext_noop("请填今天以后、一年以内的日期"), CLAUSE))
    if rows or until is None:
        raise InvalidInputError(problems=rows)
    made = Secrecy(
        grant=grant, basis_title=basis_title.strip(), basis_article=basis_article.strip(), stated_on=today,
        until=until, stated_by_id=by.user_id or org.NOBODY, stated_at=now,
    )  # fmt: skip
    held = Secrecy.objects.filter(grant=grant, disclosed_at=None).values_list("until", flat=True).first()
    with constraint_errors(one_open_secrecy_per_grant=SecrecyOpenError(number=grant.number, until=held)):
        made.save(force_insert=True)
    audit.record(
        event="complaint:secrecy:state", by=by, now=now, subject_kind="grant", subject_id=grant.id,
        subject_label=grant.number, basis=f"{made.basis_title} {made.basis_article}", until=until.isoformat(),
    )  # fmt: skip
    return made


@transaction.atomic
def disclose_over(*, now: datetime) -> int:
    """End the bases whose day has passed, so that the uses are shown from now on. Returns how many."""
    by, today = platform_actor("disclosure"), civil_date(now)
    over = Secrecy.objects.select_for_update(of=("self",)).filter(disclosed_at=None, until__lt=today)
    rows = list(over.select_related("grant__requester")[:500])
    for row in rows:
        row.disclosed_at = now
        row.save(update_fields=["disclosed_at"])
        audit.record(
            event="complaint:secrecy:disclose", by=by, now=now, subject_kind="grant", subject_id=row.grant_id,
            subject_label=row.grant.number, until=row.until.isoformat(),
        )  # fmt: skip
        notify(
            row.grant.requester, None, DISCLOSED, "/secrecies", now, number=row.grant.number,
            basis=f"{row.basis_title}{row.basis_article}",
        )  # fmt: skip
    return len(rows)
