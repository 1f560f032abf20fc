from __future__ import annotations

from django.http import HttpResponseBase
from django.utils.translation import gettext_lazy as _

from jutong.center.sharing.queries import Task
from jutong.web.desk.tasks import task_link, waiting
from jutong.web.door import Visit, page

TABS = (
    ("", _("待我办理")),
    ("over", _("已超期")),
    ("soon", _("两个工作日内到期")),
    ("paused", _("等对方补正")),
)


@page()
def listing(visit: Visit) -> HttpResponseBase:
    """Everything that waits for this post, the soonest first."""
    every = waiting(visit.request, visit.actor, visit.now)
    tab, kind = visit.request.GET.get("tab", ""), visit.request.GET.get("kind", "")
    words = visit.request.GET.get("q", "").strip()
    shown = [task for task in every if _fits(task, tab, kind, words)]
    context = {
        "tasks": [(task, task_link(task)) for task in shown],
        "tabs": [(value, label, sum(_fits(task, value, "", "") for task in every)) for value, label in TABS],
        "tab": tab,
        "kind": kind,
        "kinds": sorted({(task.kind.value, str(task.kind.label)) for task in every}),
        "q": words,
        "total": len(every),
    }
    return visit.render("desk/inbox.html", context)


def _fits(task: Task, tab: str, kind: str, words: str) -> bool:
    state = task.clock.state if task.clock else ""
    text = f"{task.title}{task.organisation}{task.person}{task.number}"
    return (not tab or state == tab) and (not kind or task.kind.value == kind) and words in text
