"""How the terms of an application are said on a page."""

from __future__ import annotations

from django import template
from django.utils.translation import gettext as _

from jutong.center.sharing.conditions import Shown, sentence
from jutong.center.sharing.terms import Terms, clock_text

register = template.Library()
WORKDAYS = "12345"
DAY_NAMES = ("周一", "周二", "周三", "周四", "周五", "周六", "周日")


@register.filter
def row_condition(condition: Shown) -> str:
    """Say one row condition."""
    return sentence(condition)


@register.filter
def call_hours(terms: Terms) -> str:
    """Say when calls are allowed, such as 周一至周五 08:30–17:30."""
    days = (
        _("周一至周五")
        if terms.call_days == WORKDAYS
        else "、".join(_(DAY_NAMES[int(day) - 1]) for day in terms.call_days)
    )
    return f"{days} {clock_text(terms.first_minute)}–{clock_text(terms.last_minute)}"
