"""What an agreement to sign and a breach to explain say where they are listed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from jutong.center.agreement.enums import AgreementState, BreachState
from jutong.center.agreement.models import Agreement, Breach
from jutong.center.org import queries as org
from jutong.center.org.actor import Actor
from jutong.center.sharing.parties import visible
from jutong.center.sharing.queries.briefs import Brief, describe_with, stated
from jutong.center.sharing.queries.tasks import Task, TaskKind

_RETURNABLE = (AgreementState.SENT, AgreementState.SIGNED)


def connect() -> None:
    """Let the inbox tell these; called when the app is ready."""
    describe_with((TaskKind.AGREEMENT_SIGN,), of_agreements)
    describe_with((TaskKind.AGREEMENT_BREACH,), of_breaches)


def of_agreements(actor: Actor, tasks: Sequence[Task], now: datetime) -> Mapping[str, Brief]:
    """Return what would be signed: the text is named by its digest, which the step is told, and can be read in full."""
    rows = Agreement.objects.filter(
        visible(actor, prefix="application__"), id__in=[task.subject_id for task in tasks]
    ).select_related("application__version", "requester", "provider")
    found = {}
    for row in rows:
        application = row.application
        sentence = format_lazy(
            _("签署{number}第{version}版，“{provider}”向“{requester}”共享“{name}”，文本摘要{digest}。签名与这份文本、您、您的岗位和时间绑定。"),
            number=row.number, version=row.version, provider=row.provider.name, requester=row.requester.name,
            name=application.version.name, digest=row.digest,
        )  # fmt: skip
        facts = stated(
            (_("信息项"), format_lazy(_("{n}项"), n=len(row.document["items"]))),
            (_("用途"), application.scenario),
            (_("方式"), application.get_share_way_display()),
            (_("使用到"), application.valid_until.isoformat() if application.valid_until else ""),
            (_("变更原因"), row.change_note),
        )
        steps = frozenset({"sign", "hand-back"} if row.state in _RETURNABLE else {"sign"})
        paper = (_("看全文"), f"/agreements/{row.number}.html?version={row.version}")
        found[str(row.id)] = Brief(facts, steps, sentence, (("digest", row.digest),), paper=paper)
    return found


def of_breaches(actor: Actor, tasks: Sequence[Task], now: datetime) -> Mapping[str, Brief]:
    """Return what was not kept and when, and what the responsible side said to it."""
    own = actor.organisation_id or org.NOBODY
    rows = Breach.objects.filter(
        visible(actor, prefix="agreement__application__"), id__in=[task.subject_id for task in tasks]
    ).select_related("agreement", "obligation", "responsible")
    return {
        str(row.id): Brief(
            stated(
                (_("协议"), row.agreement.number),
                (_("责任方"), row.responsible.short_name if row.responsible else ""),
                (_("哪一天"), row.day.isoformat()),
                (_("已说明"), row.answer),
            ),
            frozenset({"judge"} if row.state == BreachState.ANSWERED and row.responsible_id != own else {"answer"}),
        )
        for row in rows
    }
