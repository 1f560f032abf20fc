"""Every read of sharing that depends on who asks."""

from __future__ import annotations

from jutong.center.sharing.queries.briefs import Brief, briefs
from jutong.center.sharing.queries.console import DayOfUse, GrantConsole, IdleGrant, console, idle_grants
from jutong.center.sharing.queries.inbox import Tally, inbox, tally
from jutong.center.sharing.queries.office import delegations, duties, possible_delegates
from jutong.center.sharing.queries.reading import (
    ApplicationRow,
    GrantView,
    NoticeView,
    application,
    applications_of,
    events_for,
    grant,
    grants,
    notices,
    patterns,
    violations,
    visible_grants,
    with_clocks,
    wording,
)
from jutong.center.sharing.queries.tasks import Task, TaskKind
from jutong.center.sharing.queries.timeline import Step, timeline
from jutong.center.sharing.queries.workbench import Holdings, Usage, Workbench, workbench

__all__ = [
    "ApplicationRow",
    "Brief",
    "DayOfUse",
    "GrantConsole",
    "GrantView",
    "Holdings",
    "IdleGrant",
    "NoticeView",
    "Step",
    "Tally",
    "Task",
    "TaskKind",
    "Usage",
    "Workbench",
    "application",
    "applications_of",
    "briefs",
    "console",
    "delegations",
    "duties",
    "events_for",
    "grant",
    "grants",
    "idle_grants",
    "inbox",
    "notices",
    "patterns",
    "possible_delegates",
    "tally",
    "timeline",
    "violations",
    "visible_grants",
    "with_clocks",
    "wording",
    "workbench",
]
