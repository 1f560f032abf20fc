"""A transfer is made in five steps, each kept in a draft; the same steps change one that runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.http import HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from jutong.center.catalog import queries as catalog
from jutong.center.catalog.enums import BindingKind
from jutong.center.catalog.models import Binding, Entry
from jutong.center.fleet import queries as fleet
from jutong.center.fleet.models import Source
from jutong.center.jobs import extras
from jutong.center.jobs import transfer_queries as queries
from jutong.center.jobs import transfers as actions
from jutong.center.jobs.arriving import holds_files
from jutong.center.jobs.delivery import DIALECT
from jutong.center.jobs.errors import EntryUnboundError
from jutong.center.jobs.looking import look
from jutong.center.jobs.ordering import bound_columns, columns_of, default_target, landing_sources
from jutong.center.jobs.proposing import proposal_for, source_columns
from jutong.center.jobs.recipients import recipients as recipients_of
from jutong.center.jobs.schedule import Schedule
from jutong.center.jobs.transfer import Priority, Transfer, TransferState
from jutong.center.jobs.work import Work
from jutong.center.org.permissions import Permission
from jutong.center.org.queries import NOBODY
from jutong.contracts.modes import LOGGED
from jutong.contracts.steps import origins
from jutong.kernel.errors import JutongError
from jutong.web.door import Visit, form_page
from jutong.web.jobs import delivering, forms, mapping
from jutong.web.jobs.delivering import folders
from jutong.web.jobs.trials import trial_context
from jutong.web.jobs.ways import ways
from jutong.web.jobs.words import ACTIONS, KEYED_MASKS, MASKS, MODES, mode_told
from jutong.web.paging import paged

STEPS = (
    ("mapping", gettext_lazy("映射与规则")),
    ("target", gettext_lazy("去处与方式")),
    ("plan", gettext_lazy("运行安排")),
    ("check", gettext_lazy("核对")),
)
NAMES = tuple(name for name, _label in STEPS)
LONGEST_WORDS = 80
_TRIED = {"try": extras.SAMPLE, "try-all": 0}
"""How many rows each button of a dry run looks at."""


@form_page(Permission.JOBS_JOB_ORDER)
def begin(visit: Visit) -> HttpResponseBase:
    """Choose the entry whose table is moved."""
    problem = None
    if visit.is_post:
        try:
            entry = catalog.entry_for_steward(visit.actor, visit.request.POST.get("code", ""))
            made = actions.draft_transfer(entry=entry, by=visit.actor, now=visit.now)
        except JutongError as error:
            problem = error
        else:
            return HttpResponseRedirect(f"/transfers/{made.id}/edit/{NAMES[0]}")
    words = visit.request.GET.get("q", "").strip()[:LONGEST_WORDS].replace("\x00", "")
    own = Binding.objects.filter(
        entry__organisation_id=visit.actor.organisation_id or NOBODY, ended_at=None, kind=BindingKind.TABLE,
        entry__published__isnull=False,
    )  # fmt: skip
    named = own.filter(Q(entry__published_name__icontains=words) | Q(entry__code__icontains=words)) if words else own
    found = paged(visit, named.select_related("entry").order_by("entry__published_name", "id"))
    context = {
        "rows": found.rows, "words": words, "problem": problem, "steps": _steps(None, "", ""), "summary": found.summary,
        "newer": found.newer, "older": found.older,
    }  # fmt: skip
    return visit.render("jobs/transfer_new.html", context, status=problem.http_status if problem else 200)


@form_page(Permission.JOBS_JOB_ORDER)
def edit(visit: Visit, transfer_id: str, at: str) -> HttpResponseBase:
    """Any step of a transfer of the own department."""
    transfer = queries.transfer(visit.actor, transfer_id)
    entry = catalog.entry_for_steward(visit.actor, transfer.entry.code)
    at = at if at in NAMES else NAMES[0]
    problem = None
    if visit.is_post:
        try:
            return _READERS[at](visit, transfer, entry)
        except JutongError as error:
            problem = error
            transfer = queries.transfer(visit.actor, transfer_id)
    context = {
        "transfer": transfer,
        "entry": entry,
        "work": Work.read(transfer.work),
        "at": at,
        "steps": _steps(transfer, at, entry.code),
        "is_draft": transfer.state == TransferState.DRAFT,
        "problem": problem,
        "typed": visit.request.POST,
        **_SHOWN[at](visit, transfer, entry),
    }
    return visit.render(f"jobs/edit_{at}.html", context, status=problem.http_status if problem else 200)


def _steps(transfer: Transfer | None, at: str, code: str) -> list[dict[str, Any]]:
    """Return the steps of the page's head: label, state and address."""
    first = {"label": _("选目录"), "state": "done" if at else "now", "url": "", "note": code}
    place = NAMES.index(at) if at else -1
    return [first] + [
        {
            "label": label,
            "state": "now" if name == at else "done" if number < place else "",
            "url": f"/transfers/{transfer.id}/edit/{name}" if transfer and name != at else "",
        }
        for number, (name, label) in enumerate(STEPS)
    ]


def _binding(entry: Entry) -> Binding:
    found = Binding.objects.filter(entry=entry, ended_at=None, kind=BindingKind.TABLE).first()
    if found is None:
        raise EntryUnboundError(entry=str(entry))
    return found


def _onward(visit: Visit, transfer: Transfer, at: str) -> HttpResponse:
    if visit.request.POST.get("then") in {"add", "stay"}:
        return HttpResponseRedirect(f"/transfers/{transfer.id}/edit/{at}")
    if visit.request.POST.get("then") == "save":
        return visit.done(_("已保存"), f"/transfers/{transfer.id}")
    return HttpResponseRedirect(f"/transfers/{transfer.id}/edit/{NAMES[NAMES.index(at) + 1]}")


def _read_mapping(visit: Visit, transfer: Transfer, entry: Entry) -> HttpResponse:
    proposal = proposal_for(entry, _binding(entry))
    work = mapping.read(visit.request.POST, Work.read(transfer.work), proposal)
    changed = actions.change_transfer(transfer=transfer, work=work, by=visit.actor, now=visit.now)
    return _onward(visit, changed, "mapping")


def _agreements(entry: Entry) -> dict[str, str]:
    """Return the agreements under which somebody holds a grant for an entry, with who that is."""
    return {one.agreement: f"{one.agreement} {one.name}" for one in recipients_of(entry)}


def _show_mapping(_visit: Visit, transfer: Transfer, entry: Entry) -> dict[str, Any]:
    binding = _binding(entry)
    work, proposal = Work.read(transfer.work), proposal_for(entry, binding)
    recipients = _agreements(entry)
    return {
        "binding": binding,
        "rows": mapping.rows_of(entry, binding, source_columns(binding), work, proposal),
        "actions": ACTIONS,
        "masks": (*MASKS, *(KEYED_MASKS if recipients else ())),
        "agreements": [("", _("选一份")), *recipients.items()],
        "agreement": next((mask.agreement for mask in work.masks if mask.agreement), ""),
        "kinds": mapping.NEW_KINDS,
        "most_permille": mapping.limit_of(work),
    }


def _tables(entry: Entry, work: Work) -> dict[str, tuple[Source, dict[str, Any]]]:
    """Return the tables an entry's rows may land in besides the library, by the key the form sends.

    They lie in schemas that may be written; the one chosen before stays, whatever the node says of it by now.
    """
    binding = _binding(entry)
    own = (binding.source, binding.schema_name, binding.table)
    chosen = (work.into.source, work.into.schema_name) if work.into else None
    return {
        f"{source.name}|{table['schema_name']}|{table['name']}": (source, table)
        for source in landing_sources(entry, fleet.source(binding.source))
        for table in (source.tables if source.dialect != DIALECT else ())
        if (table["schema_name"] in source.writes or (source.name, table["schema_name"]) == chosen)
        and (source.name, table["schema_name"], table["name"]) != own
        and table.get("kind", "table") == "table"
    }


def _read_target(visit: Visit, transfer: Transfer, entry: Entry) -> HttpResponse:
    before = Work.read(transfer.work)
    there = folders(entry, fleet.source(_binding(entry).source), before)
    work = forms.read_target(visit.request.POST, before, _tables(entry, before), there)
    changed = actions.change_transfer(transfer=transfer, work=work, by=visit.actor, now=visit.now)
    is_new = work.into is not None and (before.into is None or before.into.table != work.into.table)
    if is_new and visit.request.POST.get("then") != "save":
        return HttpResponseRedirect(f"/transfers/{transfer.id}/edit/target#h-into")
    return _onward(visit, changed, "target")


def _show_target(_visit: Visit, transfer: Transfer, entry: Entry) -> dict[str, Any]:
    binding, work = _binding(entry), Work.read(transfer.work)
    tables = _tables(entry, work)
    bound = columns_of(entry, binding)
    landing = list(origins(bound, work.steps))
    key = f"{work.into.source}|{work.into.schema_name}|{work.into.table}" if work.into else ""
    pairs = dict(work.into.columns) if work.into else {}
    there = [str(column["name"]) for column in tables[key][1]["columns"]] if key in tables else []
    hours = work.care.hours[0] if work.care and work.care.hours else None
    return {
        "default_target": default_target(entry.code),
        "tables": [(one, one.replace("|", " ")) for one in tables],
        "into": key,
        "landing": [(name, pairs.get(name, "")) for name in landing],
        "agreements": [("", _("不带")), *_agreements(entry).items()],
        "fingerprint": work.fingerprint.agreement if work.fingerprint else "",
        "there": there,
        **delivering.shown(work, folders(entry, fleet.source(binding.source), work), entry.code, landing),
        "modes": _modes(binding, work),
        "publishes": fleet.source(binding.source).dialect == "postgresql",
        "mode": work.mode,
        "mode_told": mode_told(work.mode),
        "columns": bound,
        "keys": getattr(work.mode, "keys", ()),
        "approved": getattr(work.mode, "approved", ()),
        "care": work.care,
        "hours_first": forms.clock_text(hours.first_minute) if hours else "",
        "hours_last": forms.clock_text(hours.last_minute) if hours else "",
    }


def _modes(binding: Binding, work: Work) -> list[tuple[str, Any]]:
    """Return the modes that a table can be moved by; the one chosen before stays, whatever the source is by now."""
    logged = fleet.source(binding.source).dialect in LOGGED or getattr(work.mode, "kind", "") == "changes"
    return [(kind, label) for kind, label in MODES.items() if kind != "changes" or logged]


def _read_plan(visit: Visit, transfer: Transfer, _entry: Entry) -> HttpResponse:
    changed = actions.change_transfer(
        transfer=transfer, by=visit.actor, now=visit.now, **forms.read_plan(visit.request.POST)
    )
    return _onward(visit, changed, "plan")


def _show_plan(visit: Visit, transfer: Transfer, entry: Entry) -> dict[str, Any]:
    schedule = Schedule.model_validate(transfer.schedule)
    others = queries.readable(visit.actor).filter(entry__organisation_id=entry.organisation_id)
    rows = others.exclude(id=transfer.id).exclude(state=TransferState.DRAFT).order_by("name")[:200]
    return {
        "schedule": schedule,
        "plans": [one for one in forms.PLANS if one[0] != "arrival" or holds_files(entry)],
        "weekdays": [(int(number), name, int(number) in schedule.days) for number, name in forms.DAYS],
        "month_days": ",".join(map(str, schedule.days)) if schedule.kind == "monthly" else "",
        "others": [("", _("选一项")), *((str(row.id), row.name) for row in rows)],
        "priorities": [(value, label) for value, label in reversed(Priority.choices)],
    }


def _read_check(visit: Visit, transfer: Transfer, _entry: Entry) -> HttpResponse:
    if visit.request.POST.get("then") in _TRIED:
        rows = _TRIED[visit.request.POST["then"]]
        extras.try_transfer(transfer=transfer, rows=rows, by=visit.actor, now=visit.now)
        return HttpResponseRedirect(f"/transfers/{transfer.id}/edit/check#trial")
    if transfer.state != TransferState.ON:
        actions.switch_on(transfer=transfer, by=visit.actor, now=visit.now)
    if visit.request.POST.get("then") == "run":
        job = actions.run_transfer(transfer=transfer, by=visit.actor, now=visit.now)
        return visit.done(_("已创建并下达第一次运行"), f"/jobs/{job.id}")
    return visit.done(_("已创建，按计划运行"), f"/transfers/{transfer.id}")


def _show_check(visit: Visit, transfer: Transfer, entry: Entry) -> dict[str, Any]:
    return {
        "look": look(transfer, visit.now),
        **trial_context(visit, transfer),
        "ways": ways(bound_columns(entry), Work.read(transfer.work)),
        "mode_told": mode_told(Work.read(transfer.work).mode),
        "plan": Schedule.model_validate(transfer.schedule).words,
        "binding": _binding(entry),
    }


Reader = Callable[[Visit, Transfer, Entry], HttpResponse]
Shower = Callable[[Visit, Transfer, Entry], dict[str, Any]]
_READERS: dict[str, Reader] = {
    "mapping": _read_mapping, "target": _read_target, "plan": _read_plan, "check": _read_check,
}  # fmt: skip
_SHOWN: dict[str, Shower] = {
    "mapping": _show_mapping, "target": _show_target, "plan": _show_plan, "check": _show_check,
}  # fmt: skip
