"""From the agreed reply to a text both sides can sign."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from jutong.center.agreement import terms as wording
from jutong.center.agreement.actions import _common as common
from jutong.center.agreement.enums import AgreementEvent, AgreementKind, AgreementState
from jutong.center.agreement.models import Agreement
from jutong.center.agreement.paper import renewed_by
from jutong.center.clocks import actions as clocks
from jutong.center.org.actor import Actor
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.center.sharing.actions import _common as sharing
from jutong.center.sharing.models import Application, Grant
from jutong.center.sharing.numbers import next_number
from jutong.center.sharing.standing_in import as_head
from jutong.kernel.clock import civil_date

LETTERS = "XY"


@transaction.atomic
def draft_agreement(
    *, application: Application, grant: Grant | None, kind: AgreementKind, by: Actor, now: datetime
) -> Agreement:
    """Draw up the first version from an application, with the terms of the agreement it renews where there is one.

    The application is locked by the caller; nobody's permission is asked, because the step follows from another.
    """
    renewed = renewed_by(application)
    state = AgreementState.DRAFTED if kind == AgreementKind.AGREEMENT else AgreementState.ACCEPTED
    made = Agreement(
        number=next_number(LETTERS, now), kind=kind, application=application, grant=grant,
        requester=application.requester, provider=application.provider, state=state, previous=renewed,
        terms=wording.first_terms(application, civil_date(now), renewed.terms if renewed else None), drafted_at=now,
    )  # fmt: skip
    common.write(made, application)
    made.save(force_insert=True)
    common.record("draft", made, by, now, kind=kind.value, application=application.number)
    if kind == AgreementKind.AGREEMENT:
        text = gettext_noop("“{title}”的共享协议{number}已生成，请签署。")
        common.notify(made.provider, Role.OFFICE_HEAD, text, made, now)
    return made


@transaction.atomic
def edit_terms(*, agreement: Agreement, changes: Mapping[str, object], by: Actor, now: datetime) -> Agreement:
    """Fill the blanks of a version that was not sent on.

    Args:
        agreement: a drafted version.
        changes: new values by the name of the term.
        by: somebody of either data office.
        now: when.

    Raises:
        InvalidInputError: with every value that cannot be; the first version never raises the agreed quota.
        StepNotAllowedError: once it was sent on.
    """
    locked, application, row = common.begin(agreement, AgreementEvent.EDIT, by)
    first = locked.version == 1 and locked.grant is not None
    limit = locked.grant.daily_quota if first and locked.grant else None
    most = wording.correction_limit(application, civil_date(now))
    locked.terms = wording.checked(changes, locked.terms, quota_limit=limit, correction=most)
    before = locked.previous
    locked.is_narrower = before is not None and locked.version > 1 and wording.narrower(before.terms, locked.terms)
    common.write(locked, application)
    locked.state = row.next
    locked.save(update_fields=["terms", "document", "digest", "is_narrower", "state"])
    common.record("edit", locked, by, now, terms=sorted(changes))
    return locked


@transaction.atomic
def send(*, agreement: Agreement, by: Actor, now: datetime) -> Agreement:
    """Send a version on to the provider's 工作机构负责人; from now on its text stands."""
    locked, _application, row = common.begin(agreement, AgreementEvent.SEND, by)
    locked.state = row.next
    locked.save(update_fields=["state"])
    common.record("send", locked, by, now)
    text = gettext_noop("“{title}”的共享协议{number}第{version}版已送签，请签署。")
    common.notify(locked.provider, Role.OFFICE_HEAD, text, locked, now)
    return locked


@transaction.atomic
def hand_back(*, agreement: Agreement, note: str, by: Actor, now: datetime) -> Agreement:
    """Hand a version back as a 工作机构负责人 instead of signing it.

    A version the provider has signed is void then, and the next one begins with the same terms.

    Returns:
        The version that is worked on now.

    Raises:
        InvalidInputError: without a note.
    """
    clean = sharing.require_text("note", note, limit=500, message=_("退回时请写明原因"))
    head, _delegation = as_head(by, Permission.AGREEMENT_AGREEMENT_SIGN, now)
    locked, application, row = common.begin(agreement, AgreementEvent.HAND_BACK, head)
    locked.state = row.next
    locked.save(update_fields=["state"])
    common.record("hand-back", locked, by, now, note=clean)
    open_now = locked
    if row.next == AgreementState.VOID:
        clocks.cancel(subject_kind=common.SUBJECT, subject_id=locked.id, by=by, now=now)
        open_now = next_version(locked, application, note=locked.change_note, by=by, now=now)
    text = gettext_noop("“{title}”的共享协议{number}被退回修改，请修改条款后再送签。")
    for organisation in (locked.provider, locked.requester):
        common.notify(organisation, None, text, open_now, now)
    return open_now


def next_version(
    agreement: Agreement,
    application: Application,
    *,
    note: str,
    by: Actor,
    now: datetime,
    changes: Mapping[str, object] | None = None,
) -> Agreement:
    """Begin the version after the newest one, with the terms of this one and the changes."""
    newest = Agreement.objects.filter(number=agreement.number).order_by("-version").values_list("version", flat=True)
    base = agreement if agreement.state in common.LIVING else agreement.previous
    most = wording.correction_limit(application, civil_date(now))
    terms = wording.checked(changes or {}, agreement.terms, quota_limit=None, correction=most)
    made = Agreement(
        number=agreement.number, version=newest[0] + 1, kind=agreement.kind, application=application,
        grant=agreement.grant, requester=agreement.requester, provider=agreement.provider,
        state=AgreementState.DRAFTED, terms=terms, previous=base, change_note=note, drafted_by_id=by.user_id,
        drafted_at=now,
        is_narrower=base is not None and base.number == agreement.number and wording.narrower(base.terms, terms),
    )  # fmt: skip
    common.write(made, application)
    made.save(force_insert=True)
    common.record("draft", made, by, now, kind=made.kind, application=application.number)
    return made
