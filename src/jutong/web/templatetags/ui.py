"""What every page shows the same way: days, clocks, errors."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import template
from django.forms import BoundField, Select
from django.template import Context
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from jutong.center.catalog import template as catalog_template
from jutong.center.catalog.health import explain as explain_health
from jutong.center.catalog.models import EntryVersion
from jutong.center.catalog.steps import written
from jutong.center.clocks.queries import ClockView
from jutong.center.clocks.rules import OfficePeriods
from jutong.center.correction import queries as corrections
from jutong.center.dispute.subjects import subject_of
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import has
from jutong.center.sharing.models import Grant
from jutong.kernel.clock import civil_date
from jutong.kernel.errors import JutongError
from jutong.web.labels import ProblemRow, problem_rows
from jutong.web.manage import form

register = template.Library()
WEEKDAYS = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")
MOST_CELLS = 20


@register.filter
def day(value: date | datetime | None) -> str:
    """Write a date as people say it: 11月24日周二, with the year only when it is not this one's."""
    if value is None:
        return ""
    shown = localtime(value).date() if isinstance(value, datetime) else value
    if (get_language() or "").startswith("en"):
        return date_format(shown, "j M Y")
    year = f"{shown.year}年" if shown.year != localtime().year else ""
    return f"{year}{shown.month}月{shown.day}日{WEEKDAYS[shown.weekday()]}"


@register.filter
def moment(value: datetime | None) -> str:
    """Write a time of day with its date: 11月20日周五 10:31."""
    if value is None:
        return ""
    return f"{day(value)} {localtime(value):%H:%M}"


@register.filter
def grouped(value: int | None) -> str:
    """Write a number with its thousands apart, and a dash for none."""
    return "—" if value is None else f"{value:,}"


@register.filter
def points(score: int | None) -> str:
    """Write a score in parts of ten thousand as points of a hundred, and a dash for none."""
    return "—" if score is None or score < 0 else f"{score / 100:.1f}".removesuffix(".0")


@register.filter
def cells(clock: ClockView) -> list[str]:
    """Return one mark per working day of a clock: ``u`` used, ``x`` over, ``p`` paused, empty ahead."""
    total = max(clock.total, 1)
    shown = min(total, MOST_CELLS)
    used = min(shown, round(clock.used * shown / total))
    ahead = "p" if clock.state == "paused" else ""
    row = ["u"] * used + [ahead] * (shown - used)
    if clock.state == "over":
        row.append("x")
    return row


@register.filter
def deadline_text(clock: ClockView) -> str:
    """Say a clock in words; the cells beside it are decoration."""
    if clock.state == "paused":
        return _("计时已暂停")
    if clock.state == "done":
        return _("用时%(n)s个工作日") % {"n": clock.used}
    if clock.state == "over":
        return _("已超%(n)s个工作日") % {"n": -clock.remaining} if clock.remaining else _("已超期")
    if clock.remaining == 0:
        return _("今天到期")
    return _("剩%(n)s个工作日") % {"n": clock.remaining}


@register.inclusion_tag("ui/deadline.html")
def deadline(clock: ClockView, verb: str = "") -> dict[str, Any]:
    """Draw the working-day countdown."""
    return {"clock": clock, "verb": verb or _("答复")}


@register.simple_tag(takes_context=True)
def lawful_days(context: Context, period: str, organisation_code: str = "") -> int:
    """Return the working days an organisation has on the visit's day, by the law or a stricter local rule.

    Without a code it is the visitor's own. No page writes such a number itself.
    """
    visit = context["visit"]
    if "office_periods" not in context.render_context:
        context.render_context["office_periods"] = OfficePeriods(civil_date(visit.now))
    found: OfficePeriods = context.render_context["office_periods"]
    return found.days(period, organisation_code or visit.actor.organisation_code)


@register.filter
def explain(problem: JutongError) -> str:
    """Say what was found, in the page's language."""
    return problem.explain(get_language() or "zh-hans")


@register.filter
def told(problems: Iterable[dict[str, Any]]) -> list[str]:
    """Say what a node found wrong with a binding, in the page's language."""
    return explain_health(problems)


@register.filter
def advise(problem: JutongError) -> str:
    """Say the next step, in the page's language."""
    return problem.advise(get_language() or "zh-hans")


@register.filter
def lookup(mapping: dict[Any, Any], key: Any) -> Any:
    """Return ``mapping[key]`` or an empty string."""
    return mapping.get(key, "")


@register.inclusion_tag("ui/template_facts.html", takes_context=True)
def template_facts(context: Context, version: EntryVersion) -> dict[str, Any]:
    """Show what a version says in the further fields of the template it was judged by, or of the one in force."""
    if catalog_template.exists(version.template) and version.template:
        found = catalog_template.edition(version.template)
    else:
        found = catalog_template.edition_in_force(
            civil_date(context["visit"].now), version.entry.organisation.division_code
        )
    rows = form.further_facts(form.Written(*written(version)), found)
    return {"rows": rows, "title": form.told(found.title, found.title_en)}


@register.inclusion_tag("correction/marks.html")
def entry_marks(entry_id: UUID) -> dict[str, Any]:
    """Show every reader of an entry which of its rows are in doubt (条例 26)."""
    return {"marks": corrections.marks_of_entry(entry_id)}


@register.inclusion_tag("correction/marks.html", takes_context=True)
def grant_marks(context: Context, grant: Grant) -> dict[str, Any]:
    """Show a grant's two sides which of the rows read under it are in doubt, and its holder where to raise one."""
    actor = context["visit"].actor
    may_raise = actor.organisation_id == grant.requester_id and has(actor, Permission.CORRECTION_CASE_RAISE)
    return {"marks": corrections.marks_of_grant(grant.id), "raise_for": grant.number if may_raise else ""}


@register.simple_tag(takes_context=True)
def dispute_address(context: Context, kind: str, number: object) -> str:
    """Return where this person may dispute a case now; nothing where the post may not, or there is no ground."""
    visit = context["visit"]
    if not has(visit.actor, Permission.DISPUTE_CASE_RAISE):
        return ""
    try:
        found = subject_of(visit.actor, kind, str(number), visit.now)
    except JutongError:
        return ""
    return "" if found.why_not else "/disputes/new?" + urlencode({"kind": kind, "subject": found.number})


@register.filter
def near(beside: dict[str, list[Any]], place: str) -> list[Any]:
    """Return what is found at one place of a form; a row of items gathers what is found at its controls."""
    whole = f"{place}_"
    is_row = place.startswith("v-items_")
    return [row for key, rows in beside.items() if key == place or (is_row and key.startswith(whole)) for row in rows]


@register.filter
def near_item(beside: dict[str, list[Any]], at: int) -> list[Any]:
    """Return what is found at the controls of one item."""
    return near(beside, f"v-items_{at}")


@register.filter
def styled(field: BoundField) -> SafeString:
    """Render a form field with the stylesheet's classes and its error joined by ``aria-describedby``."""
    attributes: dict[str, Any] = {"class": "select" if isinstance(field.field.widget, Select) else "input"}
    if field.errors:
        attributes |= {"aria-invalid": "true", "aria-describedby": f"{field.auto_id}_error"}
    return field.as_widget(attrs=attributes)


@register.inclusion_tag("ui/field.html", takes_context=True)
def field(
    context: Context,
    name: str,
    label: str,
    value: Any = "",
    *,
    hint: str = "",
    kind: str = "text",
    rows: int = 0,
    choices: Iterable[tuple[str, Any]] = (),
    required: bool = False,
) -> dict[str, Any]:
    """Draw one labelled control; ``choices`` makes it a select, ``rows`` a text area.

    What the page's problem says of this field stands at it too, in the same words as in the summary above.
    """
    problem = context.get("problem")
    errors = [row.message for row in problem_rows(problem) if row.anchor == name] if problem else []
    told = [f"h-{name}"] if hint else []
    return {
        "errors": errors,
        "described": " ".join([*told, *([f"e-{name}"] if errors else [])]),
        "name": name,
        "label": label,
        "value": "" if value is None else value,
        "hint": hint,
        "kind": kind,
        "rows": rows,
        "choices": list(choices),
        "required": required,
    }


@register.filter
def findings(problem: JutongError) -> list[ProblemRow]:
    """Return the single findings of an error."""
    return problem_rows(problem)
