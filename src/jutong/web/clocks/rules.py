"""期限规则: the law's periods, what the own division made stricter, and loading a rule set."""

from __future__ import annotations

from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.clocks import local, queries, rules
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import JutongError
from jutong.standards.local_rules import LARGEST_FILE, parse_rules
from jutong.web.door import Visit, form_page

PAGE = "/clocks/rules"


@form_page(Permission.CLOCKS_CALENDAR_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show what holds today and every rule set; the authority loads one."""
    problem = None
    if visit.is_post:
        try:
            made = local.load_rules(rules=parse_rules(_written(visit)), by=visit.actor, now=visit.now)
        except JutongError as error:
            problem = error
        else:
            said = _("已装入《%(title)s》第%(n)s版，%(day)s起施行；已经开始的期限仍按原规则")
            facts = {"title": made.title, "n": made.version, "day": made.effective_from.isoformat()}
            return visit.done(said % facts, PAGE)
    today = civil_date(visit.now)
    known = rules.Rules(today)
    context = {
        "rows": [(row, queries.period_name(row.law.id, today)) for row in known.periods(visit.actor.division_code)],
        "ladder": known.ladder(visit.actor.division_code),
        "sets": rules.rule_sets(visit.actor),
        "today": today,
        "may_load": has(visit.actor, Permission.CLOCKS_RULE_LOAD),
        "problem": problem,
        "typed": visit.request.POST,
    }
    return visit.render("clocks/rules.html", context, status=problem.http_status if problem else 200)


def _written(visit: Visit) -> str:
    """Return the file that came in, or what was pasted."""
    sent = visit.request.FILES.get("file")
    if sent is not None:
        content: bytes = sent.read(LARGEST_FILE * 4)
        return content.decode("utf-8", "replace")
    return visit.request.POST.get("text", "")
