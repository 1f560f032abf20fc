"""Draws up the document of an agreement: one JSON value, whose canonical form is what is signed and checked offline.

The document is in Chinese, the language of the law it rests on, whoever reads it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import override

from jutong.center.agreement.enums import AgreementKind, AgreementState
from jutong.center.agreement.models import Agreement
from jutong.center.agreement.terms import duties, first_terms
from jutong.center.org.models import Organisation
from jutong.center.sharing.enums import ItemAnswer
from jutong.center.sharing.models import Application
from jutong.kernel.clock import civil_date
from jutong.standards.agreement import standard_text

FORMAT = "jutong.agreement/1"


def draw_up(agreement: Agreement, application: Application) -> dict[str, Any]:
    """Return the document of a version from its application and terms."""
    with override("zh-hans"):
        return _document(agreement, application)


def preview(application: Application, *, now: datetime) -> Agreement:
    """Return the undertaking an application will be submitted with; nothing is kept of it."""
    draft = Agreement(
        kind=AgreementKind.UNDERTAKING, application=application, requester=application.requester,
        provider=application.provider, state=AgreementState.ACCEPTED, terms=first_terms(application), drafted_at=now,
    )  # fmt: skip
    draft.document = draw_up(draft, application)
    return draft


def _document(agreement: Agreement, application: Application) -> dict[str, Any]:
    text, before = standard_text(), agreement.previous
    blanks = _blanks(agreement, application)
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
        "terms": dict(agreement.terms),
        "obligations": [
            {"kind": duty.kind.value, "side": duty.side, "bound": duty.bound}
            for duty in duties(agreement.kind, agreement.terms)
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
            "mode_label": row.get_given_display() if row.given else row.get_asked_display(),
            "grade": row.item.get_grade_display(),
            "is_key": row.item.is_key,
        }
        for row in rows
    ]


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
