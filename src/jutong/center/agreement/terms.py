"""What stands in the blanks of an agreement, and what the measured duties are that follow from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from jutong.center.agreement.enums import AgreementKind, ObligationKind
from jutong.center.clocks.rules import period_for
from jutong.center.sharing.models import Application
from jutong.center.sharing.need import problem
from jutong.kernel.errors import InvalidInputError
from jutong.standards.agreement import Value, standard_text

Terms = dict[str, Value]


@dataclass(frozen=True, slots=True)
class Duty:
    """A duty that is measured: ``bound`` in the unit of its kind."""

    kind: ObligationKind
    side: str
    bound: int


def first_terms(application: Application, on: date, earlier: Mapping[str, Value] | None = None) -> Terms:
    """Return the terms an agreement begins with: the usual ones, or those of the agreement it renews.

    The quota is the application's, and corrections take no longer than the rule in force on the day; contacts are
    whoever asked and whoever drew up the reply.
    """
    text = standard_text()
    terms = {**text.usual(), "freshness_hours": text.freshness_by_cycle.get(application.version.update_cycle, 0)}
    terms.update({name: value for name, value in (earlier or {}).items() if name in terms})
    terms["daily_quota"] = application.daily_quota
    terms["correction_days"] = min(int(terms["correction_days"]), correction_limit(application, on))
    reply = getattr(application, "reply", None)
    terms["provider_contact"] = terms["provider_contact"] or (reply.prepared_by.name if reply else "")
    terms["requester_contact"] = terms["requester_contact"] or (
        application.created_by.name if application.created_by else ""
    )
    return terms


def correction_limit(application: Application, on: date) -> int:
    """Return the working days a provider has to answer a correction, by 条例 26 or its locality's stricter rule."""
    return period_for("SLA-COR", application.provider.division_code, on=on).period.length


def checked(
    changes: Mapping[str, object], present: Mapping[str, Value], *, quota_limit: int | None, correction: int
) -> Terms:
    """Return the present terms with the changes.

    Args:
        changes: by name of the term.
        present: the terms as they are.
        quota_limit: the most the quota may be, where the reply has fixed it.
        correction: the most working days a correction may take, see ``correction_limit``.

    Raises:
        InvalidInputError: with every change that cannot be.
    """
    text, found = standard_text(), []
    for name, value in changes.items():
        term = text.terms.get(name)
        if term is None:
            found.append(problem(name, value, "/".join(text.terms), _("协议里没有这一条款"), "条例 15"))
        elif not term.fits(value):
            message = _("应为{allowed}").format(allowed=term.allowed)
            found.append(problem(label(name), value, term.allowed, message))
    quota = changes.get("daily_quota")
    if quota_limit is not None and isinstance(quota, int) and quota > quota_limit:
        message = _("不能超过答复同意的{n}次").format(n=quota_limit)
        found.append(problem(label("daily_quota"), quota, f"<= {quota_limit}", message, "条例 20(3)"))
    days = changes.get("correction_days")
    if isinstance(days, int) and correction < days <= text.terms["correction_days"].most:
        message = _("所在地区的规定是不超过{n}个工作日").format(n=correction)
        found.append(problem(label("correction_days"), days, f"<= {correction}", message, "条例 26"))
    if found:
        raise InvalidInputError(problems=found)
    return {**present, **changes}  # type: ignore[dict-item]  # each value was asked of its term


def label(name: str) -> str:
    """Return what a term is called, in the reader's language."""
    term = standard_text().terms[name]
    return term.label_en if (get_language() or "").startswith("en") else term.label


def narrower(before: Mapping[str, Value], after: Mapping[str, Value]) -> bool:
    """Tell whether terms give the requester less than before (条例 27(3) asks for consultation and filing then)."""
    for name, term in standard_text().terms.items():
        old, new = before.get(name), after.get(name)
        if term.type != "integer" or not isinstance(old, int) or not isinstance(new, int):
            continue
        if name == "freshness_hours":  # nought promises nothing
            old, new = old or term.most + 1, new or term.most + 1
        if (term.better == "more" and new < old) or (term.better == "less" and new > old):
            return True
    return False


def duties(kind: str, terms: Mapping[str, Value], *, narrowed: bool = False) -> list[Duty]:
    """Return the duties of an agreement that are measured; an undertaking promises no service of its own.

    ``narrowed`` tells whether only some rows were agreed on.
    """

    def number(name: str) -> int:
        return int(terms[name])

    provider = [
        Duty(ObligationKind.AVAILABILITY, "provider", number("availability")),
        Duty(ObligationKind.RESPONSE, "provider", number("response_ms")),
    ]
    common = [
        Duty(ObligationKind.QUALITY, "provider", 0),
        Duty(ObligationKind.CORRECTION, "provider", 0),
        Duty(ObligationKind.QUOTA, "requester", number("daily_quota")),
        Duty(ObligationKind.SCOPE, "requester", number("stray_calls")),
        Duty(ObligationKind.THIRD_PARTY, "requester", 0),
        Duty(ObligationKind.DISPOSAL, "requester", 0),
    ]
    if number("freshness_hours"):
        common.insert(0, Duty(ObligationKind.FRESHNESS, "provider", number("freshness_hours")))
    if narrowed:
        common.append(Duty(ObligationKind.ROWS, "provider", 0))
    return [*(provider if kind == AgreementKind.AGREEMENT else []), *common]
