"""What is typed in the later steps of the wizard: where rows go, how they meet those there, and when it runs."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import TypeAdapter, ValidationError

from jutong.center.fleet.models import Source
from jutong.center.jobs.schedule import WEEKDAYS, Schedule
from jutong.center.jobs.transfer import Priority
from jutong.center.jobs.work import Work
from jutong.contracts.care import Care
from jutong.contracts.fingerprint import Fingerprint
from jutong.contracts.landing import Landing
from jutong.contracts.modes import Mode
from jutong.web.jobs import delivering
from jutong.web.jobs.mapping import invalid

PLANS = (
    ("demand", gettext_lazy("只在手工下达时")),
    ("minutes", gettext_lazy("每几分钟")),
    ("hours", gettext_lazy("每几小时")),
    ("daily", gettext_lazy("每天")),
    ("workdays", gettext_lazy("每个工作日")),
    ("weekly", gettext_lazy("每周")),
    ("monthly", gettext_lazy("每月")),
    ("after", gettext_lazy("等另一项任务完成")),
    ("arrival", gettext_lazy("有新文件到达时")),
)
DAYS = tuple((str(number), gettext_lazy(name)) for number, name in enumerate(WEEKDAYS, start=1))
_MODE: TypeAdapter[Mode] = TypeAdapter(Mode)
_EVERY_DAY = tuple(range(1, 8))
_MINUTES = 24 * 60


def _whole(typed: QueryDict, name: str, most: int) -> int:
    text = typed.get(name, "").strip()
    if not text:
        return 0
    if not text.isascii() or not text.isdigit() or int(text) > most:
        raise invalid(name, _("请填0到%(most)s的整数") % {"most": most})
    return int(text)


def read_target(
    typed: QueryDict, work: Work, tables: dict[str, tuple[Source, dict[str, Any]]], folders: delivering.Folders
) -> Work:
    """Return the work with where it lands, how, and how gently it reads.

    Args:
        typed: the form.
        work: before.
        tables: those it may land in besides the library, by the key the form sends.
        folders: those a file may be delivered to, likewise.

    Raises:
        InvalidInputError: naming the control that does not fit.
    """
    name = typed.get("target", "").strip()
    try:
        named = Work(target=name)
    except ValidationError as error:
        raise invalid("target", _("用小写字母开头，只含小写字母、数字和下划线，最多63个字符")) from error
    return work.model_copy(
        update={
            "target": named.target,
            "into": delivering.read(typed, folders) or _landing(typed, work, tables),
            "mode": _mode(typed),
            "care": _care(typed),
            "fingerprint": _fingerprint(typed, work),
        }
    )


def _landing(typed: QueryDict, work: Work, tables: dict[str, tuple[Source, dict[str, Any]]]) -> Landing | None:
    key = typed.get("into", "")
    if not key:
        return None
    if key not in tables:
        raise invalid("into", _("请选列出来的表"))
    source, table = tables[key]
    place = (source.name, str(table["schema_name"]), str(table["name"]))
    there = [str(column["name"]) for column in table["columns"]]
    pairs = [
        (column, typed.get(f"to_{at}", ""))
        for at, column in enumerate(typed.getlist("landing"))
        if typed.get(f"to_{at}", "") in there
    ]
    before = work.into
    if before is None or (before.source, before.schema_name, before.table) != place or not pairs:
        lower = {name.lower(): name for name in there}
        pairs = [(column, lower[column.lower()]) for column in typed.getlist("landing") if column.lower() in lower]
    if not pairs:
        raise invalid("into", _("这张表里没有一列和要搬的列同名，请先在数据库里建好"))
    return Landing(
        source=place[0], schema_name=place[1], table=place[2], columns=tuple(pairs),
        proof="count" if typed.get("proof") == "count" else "digest",
    )  # fmt: skip


def _fingerprint(typed: QueryDict, work: Work) -> Fingerprint | None:
    agreement = typed.get("fingerprint", "")
    if not agreement:
        return None
    if work.fingerprint is not None and work.fingerprint.agreement == agreement:
        return work.fingerprint
    try:
        return Fingerprint(agreement=agreement)
    except ValidationError as error:
        raise invalid("fingerprint", _("请选列出来的协议")) from error


def _mode(typed: QueryDict) -> Mode | None:
    kind = typed.get("mode", "replace")
    drift = typed.get("drift", "freeze")
    if kind == "replace" and drift == "freeze":
        return None
    said: dict[str, Any] = {"kind": kind, "drift": drift, "approved": tuple(typed.getlist("approved"))}
    watermark = typed.get("watermark", "")
    if kind in {"merge", "difference", "changes"}:
        said |= {"keys": tuple(typed.getlist("keys")), "history": "history" in typed}
        if not said["keys"]:
            raise invalid("mode", _("请选至少一个主键列"))
    if kind in {"difference", "changes"}:
        said["deletes"] = typed.get("deletes", "hard")
    if kind == "changes":
        said |= {"publication": typed.get("publication", "") or "jutong", "afresh": "afresh" in typed}
    if kind == "append" and not watermark:
        raise invalid("watermark", _("请选只增不减的列"))
    if kind == "append" or (kind == "merge" and watermark):
        said["watermark"] = watermark
    if kind == "merge" and watermark:
        said["overlap"] = _whole(typed, "overlap", 10**9)
    try:
        return _MODE.validate_python(said, strict=False)
    except ValidationError as error:
        raise invalid("mode", error.errors(include_url=False)[0]["msg"]) from error


def _care(typed: QueryDict) -> Care | None:
    care = Care.model_validate(
        {
            "rows_per_second": _whole(typed, "rows_per_second", 10**9),
            "statement_seconds": _whole(typed, "statement_seconds", 86_400),
            "hours": _hours(typed),
        },
        strict=False,
    )
    return care if care != Care() else None


def _hours(typed: QueryDict) -> tuple[dict[str, Any], ...]:
    first, last = typed.get("hours_first", ""), typed.get("hours_last", "")
    if not first and not last:
        return ()
    return ({"days": _EVERY_DAY, "first_minute": _minute(first), "last_minute": _minute(last)},)


def _minute(text: str) -> int:
    hour, colon, minute = text.partition(":")
    known = hour.isdigit() and minute.isdigit() and colon and int(hour) * 60 + int(minute) < _MINUTES
    if not known:
        raise invalid("hours_first", _("请把起止时间都填上，如22:00到06:00"))
    return int(hour) * 60 + int(minute)


def clock_text(minute: int) -> str:
    """Return minutes after midnight as a time of day."""
    return f"{minute // 60:02d}:{minute % 60:02d}"


def read_plan(typed: QueryDict) -> dict[str, Any]:
    """Return name, schedule, promise and priority as typed.

    Raises:
        InvalidInputError: naming the control that does not fit.
    """
    name = typed.get("name", "").strip()
    if not name or "\x00" in name:
        raise invalid("name", _("请写名称"))
    kind = typed.get("kind", "demand")
    said: dict[str, Any] = {"kind": kind}
    if kind in {"minutes", "hours"}:
        said["every"] = _whole(typed, f"every_{kind}", 59) or 1
    if kind in {"hours", "daily", "workdays", "weekly", "monthly"}:
        said["at"] = typed.get("at", "02:00")
    if kind == "weekly":
        said["days"] = tuple(int(day) for day in typed.getlist("weekdays") if day.isdigit())
    if kind == "monthly":
        said["days"] = tuple(
            int(day) for day in typed.get("month_days", "").replace("，", ",").split(",") if day.strip().isdigit()
        )
    if kind == "after":
        said["transfer"] = typed.get("transfer", "")
    try:
        schedule = Schedule.model_validate(said)
    except ValidationError as error:
        raise invalid("kind", error.errors(include_url=False)[0]["msg"].removeprefix("Value error, ")) from error
    priority = typed.get("priority", "")
    return {
        "name": name[:80],
        "schedule": schedule,
        "promised_hours": _whole(typed, "promised_hours", 10_000) or None,
        "priority": int(priority) if priority in {str(one) for one in Priority.values} else Priority.NORMAL,
    }
