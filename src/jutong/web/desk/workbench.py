from __future__ import annotations

from django.http import HttpResponseBase, HttpResponseRedirect

from jutong.center.org import queries as org
from jutong.center.sharing import queries
from jutong.web.desk.rows import rows_of
from jutong.web.desk.tasks import waiting
from jutong.web.door import POST_KEY, Visit, page, step
from jutong.web.entrance import needs_second_factor

SHOWN_TASKS = 5


@page()
def show(visit: Visit) -> HttpResponseBase:
    """What must be done today, and the own department at a glance."""
    bench = queries.workbench(visit.actor, visit.now, waiting(visit.request, visit.actor, visit.now))
    remind = needs_second_factor(visit.post.user, visit.post)
    context = {"bench": bench, "rows": rows_of(visit, bench.tasks[:SHOWN_TASKS], "/"), "remind_factor": remind}
    return visit.render("desk/workbench.html", context)


@page()
def notices(visit: Visit) -> HttpResponseBase:
    """What the department was told."""
    found = queries.notices(visit.actor, after=visit.request.GET.get("after", ""))
    older = visit.query(after=found.next) if found.next else ""
    return visit.render("desk/notices.html", {"rows": found.rows, "older": older})


@step()
def change_post(visit: Visit) -> HttpResponseBase:
    """Work in another of one's own posts."""
    wanted = visit.request.POST.get("post", "")
    mine = {str(post.id) for post in org.posts_of(visit.post.user)}
    if wanted in mine:
        visit.request.session[POST_KEY] = wanted
    return HttpResponseRedirect("/")
