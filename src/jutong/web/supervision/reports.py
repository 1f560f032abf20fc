"""举报: what a department reports because no scan can see it."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.org import queries as org
from jutong.center.org.permissions import Permission
from jutong.center.supervision import actions
from jutong.center.supervision.actions.reporting import REPORTABLE
from jutong.center.supervision.waiting import name_of
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, form_page


@form_page(Permission.SUPERVISION_VIOLATION_REPORT)
def create(visit: Visit) -> HttpResponseBase:
    """Report a violation to the authority."""
    typed, problem = visit.request.POST or visit.request.GET, None
    if visit.is_post:
        try:
            made = actions.report_violation(
                code=typed.get("code", ""),
                organisation=org.organisation(visit.actor, typed.get("organisation", "")),
                text=typed.get("text", ""),
                link=typed.get("link", "").strip(),
                by=visit.actor,
                now=visit.now,
            )
        except JutongError as error:
            problem = error
        else:
            return visit.done(_("举报已送主管部门，被举报单位看不到举报人"), f"/violations/{made.number}")
    own = visit.actor.organisation_id or org.NOBODY
    others = org.visible_organisations(visit.actor).exclude(id=own).order_by("code")
    context = {
        "codes": [("", _("请选择")), *((code, name_of(code)) for code in REPORTABLE)],
        "organisations": [("", _("请选择")), *((row.code, row.name) for row in others)],
        "typed": typed,
        "problem": problem,
    }
    return visit.render("supervision/report.html", context, status=problem.http_status if problem else 200)
