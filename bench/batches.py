"""A department's drafts on their way to publication in batches: assessed, consented to, submitted, published.

A throw-away registry, one process, every rule and audit event included. ``python bench/batches.py [DRAFTS]``.
"""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import time
from datetime import datetime
from typing import Any

from _report import Report
from jutong.kernel.clock import civil_date, utc_now
from jutong.runtime.postgres import OWNER, temporary

GOAL_SECONDS = 30.0
ITEMS = 10
DIGITS = "零一二三四五六七八九"
CIVIL, OFFICE = "11629900MB4482457G", "11629900MB00401090"


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 800
    report = Report("batches")
    with temporary() as server, tempfile.TemporaryDirectory() as folder:
        dsn = server.ensure_database("bench", OWNER, server.home.secret("registry.password"))
        os.environ |= {"JUTONG_DATABASE_URL": dsn, "JUTONG_HOME": folder, "JUTONG_LOG_LEVEL": "error"}
        os.environ["DJANGO_SETTINGS_MODULE"] = "jutong.center.conf"
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        _measure(report, count)
    report.finish()


def _measure(report: Report, count: int) -> None:
    from jutong.center.catalog.models import Entry, EntryVersion

    now = utc_now()
    people = _people(now)
    _drafts(count, people["steward"], now)
    ids = list(EntryVersion.objects.order_by("created_at", "id").values_list("id", flat=True))
    found = [
        {
            "kind": kind,
            "passed": True,
            "conclusion": "可控",
            "assessed_by": "王建国",
            "assessed_on": str(civil_date(now)),
        }
        for kind in ("secrecy", "personal")
    ]
    total = 0.0
    for step, who, terms in (
        ("assess", "steward", {"found": found}),
        ("consent", "department-head", {}),
        ("submit", "steward", {}),
        ("publish", "authority", {}),
    ):
        seconds = _run(step, ids, terms, people[who], now)
        report.row(f"{step} {count} versions of {ITEMS} items", seconds, "s")
        total += seconds
    assert Entry.objects.filter(published__isnull=False).count() == count
    report.row("all four", total, "s", goal=f"<= {GOAL_SECONDS:.0f}", met=total <= GOAL_SECONDS)


def _run(step: str, ids: list[Any], terms: dict[str, Any], by: Any, now: datetime) -> float:
    from jutong.center.catalog import actions

    started = time.perf_counter()
    run = actions.start_run(step=step, ids=ids, terms=terms, by=by, now=now)
    while actions.carry_on(run_id=run.id, now=now):
        pass
    seconds = time.perf_counter() - started
    run.refresh_from_db()
    assert run.failed == 0, list(run.outcomes.filter(is_done=False).values_list("problem", flat=True)[:1])
    return seconds


def _drafts(count: int, by: Any, now: datetime) -> None:
    from jutong.center.catalog import actions
    from jutong.center.catalog.fields import EntryFields, ItemFields

    items = [
        ItemFields(name=f"指标{DIGITS[at]}", data_type="C", length=64, is_key=not at, column=f"c{at}")
        for at in range(ITEMS)
    ]
    for number in range(count):
        name = "".join(DIGITS[int(digit)] for digit in f"{number:05d}")
        fields = EntryFields(
            name=f"养老机构{name}登记信息", classification="307010", summary="机构、床位和服务", domain="民生服务",
            data_format="database", update_cycle="daily", share_attribute="conditional", share_way="service",
            share_scope="本市各部门", share_purpose="核验", grade="general-2", not_secret=True,
        )  # fmt: skip
        actions.create_entry(fields=fields, items=items, by=by, now=now)


def _people(now: datetime) -> dict[str, Any]:
    from jutong.center.org import actions as org
    from jutong.center.org.actions.register import DivisionRow
    from jutong.center.org.actor import platform_actor
    from jutong.center.org.enums import Role
    from jutong.center.org.queries import actor_for

    by = platform_actor("bench")
    row = DivisionRow("629900", "金河市", "city", "620000", now.date(), is_demo=True)
    org.create_division(row=row, by=by, now=now)
    offices = {
        code: org.create_organisation(
            code=code, name=name, short_name=name, division_code="629900", data_office="信息科",
            is_authority=code == OFFICE, by=by, now=now,
        )
        for code, name in ((CIVIL, "市民政局"), (OFFICE, "市大数据局"))
    }  # fmt: skip
    found = {}
    for role in (Role.STEWARD, Role.OFFICE_HEAD, Role.DEPARTMENT_HEAD, Role.AUTHORITY):
        user = org.create_user(username=role.value, name=role.value, password=secrets.token_urlsafe(16), by=by, now=now)
        where = offices[OFFICE if role == Role.AUTHORITY else CIVIL]
        found[role.value] = actor_for(org.appoint(user=user, organisation=where, role=role, by=by, now=now))
    return found


if __name__ == "__main__":
    main()
