from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse, HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.catalog import queries
from jutong.center.catalog.actions import review, submission
from jutong.center.catalog.difference import diff
from jutong.center.catalog.duty_queries import use_of
from jutong.center.catalog.enums import VersionKind, VersionState
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.kernel.errors import JutongError
from jutong.standards.return_reasons import return_reasons
from jutong.web.door import Visit, page, step


@page(Permission.CATALOG_DRAFT_VIEW)
def detail(visit: Visit, version_id: UUID) -> HttpResponseBase:
    """Show one version against the published one, for whoever decides on it."""
    return _show(visit, version_id)


def _show(visit: Visit, version_id: UUID, problem: JutongError | None = None) -> HttpResponse:
    version = queries.version(visit.actor, version_id)
    published = version.entry.published
    compared = published is not None and published.id != version.id and version.kind != VersionKind.REMOVAL
    changes = diff(published, version) if published is not None and compared else []
    context = {
        "here": f"/review/{version.id}",
        "version": version,
        "entry": version.entry,
        "changes": changes,
        "is_first": published is None,
        "is_removal": version.kind == VersionKind.REMOVAL,
        "use": use_of(version.entry) if version.kind == VersionKind.REMOVAL else None,
        "returned": return_reasons().get(version.return_code),
        "reasons": [("", _("请选择")), *((row.id, row.label(_language(visit))) for row in return_reasons().values())],
        "language": _language(visit),
        "assessments": version.assessments.all(),
        "may_decide": version.state == VersionState.SUBMITTED and has(visit.actor, Permission.CATALOG_ENTRY_REVIEW),
        "may_consent": version.state == VersionState.ASSESSED and has(visit.actor, Permission.CATALOG_ENTRY_CONSENT),
        "problem": problem,
        "typed": visit.request.POST,
    }
    return visit.render("manage/version.html", context, status=problem.http_status if problem else 200)


@step(Permission.CATALOG_ENTRY_REVIEW)
def decide(visit: Visit, version_id: UUID) -> HttpResponseBase:
    """Publish a version or return it with a reason (条例 16, 17)."""
    version = queries.version(visit.actor, version_id)
    reason = visit.request.POST.get("reason", "")
    publish = visit.request.POST.get("publish") == "1"
    try:
        if publish:
            review.publish(version=version, by=visit.actor, now=visit.now)
        else:
            code = visit.request.POST.get("code", "")
            review.return_version(version=version, code=code, reason=reason, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _show(visit, version_id, problem)
    said = _("已下线，各部门已收到通知") if version.kind == VersionKind.REMOVAL else _("已发布，各部门已收到通知")
    return visit.done(said if publish else _("已退回并说明原因"), "/review")


def _language(visit: Visit) -> str:
    return getattr(visit.request, "LANGUAGE_CODE", "zh")


@step(Permission.CATALOG_ENTRY_CONSENT)
def consent(visit: Visit, version_id: UUID) -> HttpResponseBase:
    """Consent as 部门负责人, or not (条例 13)."""
    version = queries.version(visit.actor, version_id)
    agreed = visit.request.POST.get("agreed") == "1"
    try:
        if agreed:
            submission.consent(version=version, by=visit.actor, now=visit.now)
        else:
            reason = visit.request.POST.get("reason", "")
            submission.decline(version=version, reason=reason, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _show(visit, version_id, problem)
    return visit.done(_("已同意，可以提交审核") if agreed else _("已退回数据专员"), "/inbox")
