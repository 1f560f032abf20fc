from __future__ import annotations

from uuid import UUID

from django.http import HttpResponseBase
from django.utils.translation import gettext as _

from jutong.center.org import queries
from jutong.center.org.actions import people, posts
from jutong.center.org.enums import Role
from jutong.center.org.permissions import Permission
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, form_page, page, step
from jutong.web.paging import paged


@form_page(Permission.ORG_USER_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the people; system administrators open an account."""
    problem = None
    typed = visit.request.POST
    if visit.is_post:
        try:
            made = people.create_user(
                username=typed.get("username", "").strip(),
                name=typed.get("name", "").strip(),
                password=typed.get("password", ""),
                by=visit.actor,
                now=visit.now,
            )
        except JutongError as error:
            problem = error
        else:
            return visit.done(_("已开通账号，还要由安全管理员设岗位"), f"/admin/users/{made.username}")
    words = visit.request.GET.get("q", "").strip()
    found = queries.users(visit.actor)
    if words:
        found = found.filter(name__contains=words) | found.filter(username__contains=words)
    context = {
        "page": paged(visit, found),
        "q": words,
        "problem": problem,
        "typed": typed,
        "may_create": queries.has(visit.actor, Permission.ORG_USER_CREATE),
    }
    return visit.render("admin/users.html", context, status=422 if problem else 200)


@page(Permission.ORG_USER_VIEW)
def detail(visit: Visit, username: str) -> HttpResponseBase:
    """Show one person's posts; security administrators appoint, lock and reset."""
    person = queries.user(visit.actor, username)
    organisations = queries.visible_organisations(visit.actor).order_by("name")
    context = {
        "person": person,
        "roles": Role.choices,
        "organisations": [(row.code, row.name) for row in organisations[:500]],
        "may_appoint": queries.has(visit.actor, Permission.ORG_POST_MANAGE),
        "may_lock": queries.has(visit.actor, Permission.ORG_USER_LOCK),
        "may_reset": queries.has(visit.actor, Permission.ORG_PASSWORD_RESET),
    }
    return visit.render("admin/user.html", context)


@step(Permission.ORG_POST_MANAGE)
def appoint(visit: Visit, username: str) -> HttpResponseBase:
    """Give a person a post."""
    back = f"/admin/users/{username}"
    role = visit.request.POST.get("role", "")
    try:
        post = posts.appoint(
            user=queries.user(visit.actor, username),
            organisation=queries.organisation(visit.actor, visit.request.POST.get("organisation", "")),
            role=role if role in Role.values else Role.REQUESTER,
            by=visit.actor,
            now=visit.now,
        )
    except JutongError as problem:
        return visit.refuse(problem, back=back)
    return visit.done(_("已设岗位：%(role)s") % {"role": Role(post.role).label}, back)


@step(Permission.ORG_POST_MANAGE)
def end_post(visit: Visit, post_id: UUID) -> HttpResponseBase:
    """End a post."""
    post = queries.post(visit.actor, post_id)
    back = f"/admin/users/{post.user.username}"
    try:
        posts.end_post(post=post, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return visit.refuse(problem, back=back)
    return visit.done(_("岗位已撤"), back)


@step(Permission.ORG_USER_LOCK)
def lock(visit: Visit, username: str) -> HttpResponseBase:
    """Lock an account or unlock it."""
    active = visit.request.POST.get("active") == "1"
    people.set_active(user=queries.user(visit.actor, username), active=active, by=visit.actor, now=visit.now)
    return visit.done(_("账号已启用") if active else _("账号已停用"), f"/admin/users/{username}")


@step(Permission.ORG_PASSWORD_RESET)
def reset(visit: Visit, username: str) -> HttpResponseBase:
    """Set a new password the person must change."""
    back = f"/admin/users/{username}"
    try:
        people.reset_password(
            user=queries.user(visit.actor, username),
            password=visit.request.POST.get("password", ""),
            by=visit.actor,
            now=visit.now,
        )
    except JutongError as problem:
        return visit.refuse(problem, back=back)
    return visit.done(_("密码已重设，本人登录后须修改"), back)
