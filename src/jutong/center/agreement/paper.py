"""Draws up the document of an agreement: one JSON value, whose canonical form is what is signed and checked offline.

The document is in Chinese, the language of the law it rests on, whoever reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import override

from jutong.center.agreement.enums import AgreementKind, AgreementState
from jutong.center.agreement.limits import row_limits
from jutong.center.agreement.models import Agreement
from jutong.center.agreement.terms import duties, first_terms
from jutong.center.catalog.enums import FieldMode, ShareAttribute
from jutong.center.org.models import Organisation
from jutong.center.sharing.conditions import sentence, sentences
from jutong.center.sharing.enums import ItemAnswer
from jutong.center.sharing.models import Application, ApplicationItem
from jutong.kernel.canonical import digest
from jutong.kernel.clock import civil_date
from jutong.standards.agreement import standard_text
from jutong.standards.masks import masks

FORMAT = "jutong.agreement/1"
_GIVEN_LATER = frozenset({"number", "drafted_on", "grant"})


def draw_up(agreement: Agreement, application: Application) -> dict[str, Any]:
    """Return the document of a version from its application and terms."""
    with override("zh-hans"):
        return _document(agreement, application)


def renewed_by(application: Application) -> Agreement | None:
    """Return the last agreement of the grant an application renews."""
    grant_id = getattr(application, "renews_id", None)
    if grant_id is None:
        return None
    return Agreement.objects.filter(grant_id=grant_id).exclude(in_force_at=None).order_by("-version").first()


def preview(
    application: Application, *, now: datetime, kind: AgreementKind = AgreementKind.UNDERTAKING
) -> Agreement:  # fmt: skip
    """Return the undertaking an application will be submitted with, or the agreement its reply will lead to.

    Nothing is kept of it.
    """
    renewed = renewed_by(application)
    state = AgreementState.ACCEPTED if kind == AgreementKind.UNDERTAKING else AgreementState.DRAFTED
    draft = Agreement(
        kind=kind, application=application, requester=application.requester, provider=application.provider,
        state=state, previous=renewed, drafted_at=now,
        terms=first_terms(application, civil_date(now), renewed.terms if renewed else None),
    )  # fmt: skip
    draft.document = draw_up(draft, application)
    return draft


def leads_to_one(application: Application) -> bool:
    """Tell whether a prepared reply leads to an agreement: it agrees, and the share has conditions (条例 15)."""
    reply = getattr(application, "reply", None)
    return bool(reply and reply.agreed) and application.share_attribute != ShareAttribute.UNCONDITIONAL


def content_digest(document: Mapping[str, Any]) -> str:
    """Return the digest of what a document says, without the number, day and grant it gets when it is drawn up.

    It is the same for a preview and for the agreement made from it while nothing of the application changed.
    """
    return digest({name: value for name, value in document.items() if name not in _GIVEN_LATER})


def _document(agreement: Agreement, application: Application) -> dict[str, Any]:
    text, before = standard_text(), agreement.previous
    limits = row_limits(application)
    blanks = _blanks(agreement, application) | {"rows_text": sentences(limits) or "不限定行"}
    articles = [article for article in text.articles if agreement.kind in article.kinds]
    return {
        "format": FORMAT,
        "template": text.key,
        "title": "政务数据共享协议" if agreement.kind == AgreementKind.AGREEMENT else "政务数据使用承诺书",
        "kind": agreement.kind,
        "number": agreement.number,
        "version": agreement.version,
        "drafted_on": civil_date(agreement.drafted_at).isoformat(),
        "changes": None if before is None else _reference(before),
        "change_note": agreement.change_note,
        "provider": _party(agreement.provider, agreement.terms["provider_contact"]),
        "requester": _party(agreement.requester, agreement.terms["requester_contact"]),
        "application": application.number,
        "grant": agreement.grant.number if agreement.grant else "",
        "entry": {
            "code": application.entry.code,
            "name": application.version.name,
            "version": application.version.number,
            "grade": application.version.get_grade_display() if application.version.grade else "",
        },
        "items": _items(application),
        "conditions": [
            {"item": row.item.name, "operator": row.operator, "values": list(row.values), "said": sentence(row)}
            for row in limits
        ],
        "terms": dict(agreement.terms),
        "obligations": [
            {"kind": duty.kind.value, "side": duty.side, "bound": duty.bound}
            for duty in duties(agreement.kind, agreement.terms, narrowed=bool(limits))
        ],
        "articles": [
            {
                "number": number,
                "heading": article.heading,
                "clause": article.clause,
                "paragraphs": [paragraph.format(**blanks) for paragraph in article.paragraphs],
            }
            for number, article in enumerate(articles, start=1)
        ],
    }


def _reference(before: Agreement) -> dict[str, Any]:
    return {"number": before.number, "version": before.version, "digest": before.digest}


def _party(organisation: Organisation, contact: str) -> dict[str, str]:
    return {
        "code": organisation.code,
        "name": organisation.name,
        "office": organisation.data_office,
        "contact": contact,
    }


def _items(application: Application) -> list[dict[str, Any]]:
    rows = application.items.exclude(answer=ItemAnswer.REFUSED).select_related("item").order_by("item__position")
    return [
        {
            "name": row.item.name,
            "mode": row.given or row.asked,
            "mode_label": _mode_label(row),
            "grade": row.item.get_grade_display(),
            "is_key": row.item.is_key,
        }
        for row in rows
    ]


def _mode_label(row: ApplicationItem) -> str:
    """Return how an item is given; a masked one with its rule, which is agreed on with it."""
    label = row.get_given_display() if row.given else row.get_asked_display()
    rule = masks().get(row.item.mask)
    return f"{label}（{rule.label}）" if rule and (row.given or row.asked) == FieldMode.MASKED else label


def _blanks(agreement: Agreement, application: Application) -> dict[str, object]:
    terms, version = agreement.terms, application.version
    given = application.items.exclude(answer=ItemAnswer.REFUSED).count()
    hours, kept = int(terms["freshness_hours"]), int(terms["retention_days"])
    disposal = standard_text().terms["disposal"].choices[str(terms["disposal"])]
    return {
        **terms,
        "provider_name": agreement.provider.name,
        "provider_code": agreement.provider.code,
        "provider_office": agreement.provider.data_office or "（未登记）",
        "provider_contact": terms["provider_contact"] or "（未填）",
        "requester_name": agreement.requester.name,
        "requester_code": agreement.requester.code,
        "requester_office": agreement.requester.data_office or "（未登记）",
        "requester_contact": terms["requester_contact"] or "（未填）",
        "system": application.system.name if application.system else "（未登记）",
        "application": application.number,
        "entry_name": version.name,
        "entry_code": application.entry.code,
        "entry_version": version.number,
        "share_attribute": application.get_share_attribute_display(),
        "basis": application.basis,
        "scenario": application.scenario,
        "scope": application.scope,
        "item_count": given,
        "share_way": application.get_share_way_display(),
        "data_format": version.get_data_format_display(),
        "update_cycle": version.get_update_cycle_display(),
        "valid_until": f"{application.valid_until:%Y年%m月%d日}" if application.valid_until else "（未填）",
        "availability_percent": f"{int(terms['availability']) / 100:.2f}%",
        "freshness_text": f"最新一条数据距今不超过{hours}小时" if hours else "数据不定期更新，有变化时及时更新",
        "retention_text": f"保存取得的数据不超过{kept}日" if kept else "不保存取得的数据，用后即删",
        "disposal_text": disposal,
    }
