"""What fills the libraries: a steward looks over what is proposed for the own department and confirms it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.http import HttpResponse, HttpResponseBase, QueryDict
from django.utils.translation import gettext as _

from jutong.center.library import feeds as actions
from jutong.center.library import queries
from jutong.center.library.definitions import definition_of
from jutong.center.library.models import FeedRow
from jutong.center.org import queries as org
from jutong.center.org.models import Organisation
from jutong.center.org.permissions import Permission
from jutong.contracts.library import TableDefinition
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, form_page, page, step


@page(Permission.LIBRARY_LIBRARY_VIEW)
def listing(visit: Visit) -> HttpResponseBase:
    """Show the feeds of the own department, or of all for those who run the libraries."""
    context = {
        "feeds": queries.feeds_seen(visit.actor),
        "may_confirm": org.has(visit.actor, Permission.LIBRARY_FEED_CONFIRM),
    }
    return visit.render("library/feeds.html", context)


@step(Permission.LIBRARY_FEED_CONFIRM)
def propose(visit: Visit) -> HttpResponseBase:
    """Look which tables of the own department could fill a library."""
    own = Organisation.objects.get(id=visit.actor.organisation_id or org.NOBODY)
    found = actions.propose(by=visit.actor, now=visit.now, organisation=own)
    text = _("新找到%(n)s个可以入库的来源") % {"n": found} if found else _("没有新的可以入库的来源")
    return visit.done(text, "/library/feeds")


@form_page(Permission.LIBRARY_LIBRARY_VIEW)
def edit(visit: Visit, feed_id: UUID) -> HttpResponseBase:
    """Show one feed; its steward changes and confirms it."""
    feed = queries.feed(visit.actor, feed_id)
    if not visit.is_post:
        return _show(visit, feed)
    asked = visit.request.POST
    try:
        actions.confirm(
            feed=feed, by=visit.actor, now=visit.now, role=asked.get("role", ""), key=asked.get("key", ""),
            changed=asked.get("changed", ""), columns=_columns(definition_of(feed.table), asked),
        )  # fmt: skip
    except JutongError as problem:
        return _show(visit, feed, problem)
    return visit.done(
        _("已确认，数据入库后就会进入资源库"), f"/library/tables/{feed.table.library.code}/{feed.table.name}"
    )


@step(Permission.LIBRARY_FEED_CONFIRM)
def stop(visit: Visit, feed_id: UUID) -> HttpResponseBase:
    """Let a feed fill its table no more."""
    feed = queries.feed(visit.actor, feed_id)
    try:
        actions.stop(feed=feed, by=visit.actor, now=visit.now)
    except JutongError as problem:
        return _show(visit, feed, problem)
    return visit.done(_("已停用，它的数据在下一次融合时退出"), f"/library/feeds/{feed.id}")


def _columns(definition: TableDefinition, asked: QueryDict) -> list[tuple[str, str]]:
    found = [(field.name, asked.get(f"column-{field.name}", "")) for field in definition.fields]
    return [(name, column) for name, column in found if column]


def _show(visit: Visit, feed: FeedRow, problem: JutongError | None = None) -> HttpResponse:
    definition = definition_of(feed.table)
    own = feed.organisation_id == visit.actor.organisation_id
    may = own and org.has(visit.actor, Permission.LIBRARY_FEED_CONFIRM)
    columns = _choices(actions.landed_columns(feed))
    chosen = dict(feed.columns)
    context = {
        "feed": feed,
        "definition": definition,
        "fields": [
            (field, chosen.get(field.name, ""), actions.role_titles().get(field.source, field.source))
            for field in definition.fields
        ],
        "columns": columns,
        "optional": [("", _("没有")), *columns],
        "roles": [
            (role, actions.role_titles().get(role, role))
            for role in sorted(_roles(definition) | ({feed.role} if feed.role else set()))
        ],
        "may_confirm": may,
        "problem": problem,
    }
    return visit.render("library/feed.html", context, status=problem.http_status if problem else 200)


def _roles(definition: TableDefinition) -> set[str]:
    return {definition.owner, *(field.source for field in definition.fields if field.source)}


def _choices(columns: Sequence[str]) -> list[tuple[str, str]]:
    return [(column, column) for column in columns]
