from __future__ import annotations

from uuid import UUID

from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.notify import queries
from jutong.center.notify.actions import preferences
from jutong.center.notify.enums import NoticeGroup, Pace
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.web.door import Visit, form_page, step

HERE = "/me/notifications"
_ABOUT = {
    NoticeGroup.STATUTORY: gettext_noop("期限、违约和给您的决定，不能关闭"),
    NoticeGroup.WORK: gettext_noop("等您办理或与您经办的事有关"),
    NoticeGroup.INFORMATION: gettext_noop("新发布的目录等，不用您办理"),
}


@form_page(Permission.SHARING_NOTICE_VIEW)
def show(visit: Visit) -> HttpResponseBase:
    """Show and take how the person wants to be told outside the platform."""
    problem = None
    if visit.is_post:
        typed = visit.request.POST
        paces = {group.value: typed.get(f"pace-{group.value}", "") for group in NoticeGroup}
        try:
            preferences.choose(paces=paces, weekly=typed.get("weekly") == "1", by=visit.actor, now=visit.now)
        except JutongError as error:
            problem = error
        else:
            return visit.done(_("通知设置已保存"), HERE)
    mine = queries.mine(visit.actor)
    groups = [
        {
            "name": f"pace-{group.value}", "label": group.label, "about": _(_ABOUT[group]),
            "choices": [pair for pair in Pace.choices if group != NoticeGroup.STATUTORY or pair[0] != Pace.OFF],
            "value": mine.paces[group].value,
        }
        for group in NoticeGroup
    ]  # fmt: skip
    reaches = [(reach, _(reach.allowed)) for reach in mine.reaches]
    context = {
        "mine": mine, "groups": groups, "reaches": reaches, "problem": problem,
        "may_weekly": visit.actor.role == Role.DEPARTMENT_HEAD,
    }  # fmt: skip
    return visit.render("notify/me.html", context, status=problem.http_status if problem else 200)


@step(Permission.SHARING_NOTICE_VIEW)
def address(visit: Visit, channel_id: UUID) -> HttpResponseBase:
    """Set or remove the own address on a channel."""
    typed = visit.request.POST
    try:
        if typed.get("do") == "remove":
            preferences.remove_address(channel_id=channel_id, by=visit.actor, now=visit.now)
        else:
            preferences.set_address(channel_id=channel_id, to=typed.get("to", ""), by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.refuse(problem, back=HERE)
    return visit.done(_("收件地址已更新"), HERE)
