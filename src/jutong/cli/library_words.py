"""What the commands of `jutong library` say of tables, and how they are told of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import click

from jutong.kernel.clock import BEIJING
from jutong.kernel.i18n import gettext_noop

FINDINGS = {
    "foreign-commit": gettext_noop("平台以外的程序写过"),
    "foreign-feature": gettext_noop("带有本平台读不准的特性"),
    "half-commit": gettext_noop("有写了一半的提交"),
    "commit-missing": gettext_noop("缺少提交"),
    "file-missing": gettext_noop("缺少文件"),
    "file-size": gettext_noop("文件大小不符"),
    "log-rewritten": gettext_noop("日志被改写"),
    "content-differs": gettext_noop("内容与存证不符"),
}
TASKS = {
    "tidy": gettext_noop("写 {came} 个文件代替 {rows} 个，清理 {gone} 个、{size} MB"),
    "examine": gettext_noop("{rows} 行"),
    "mend": gettext_noop("{rows} 行"),
    "evolve": gettext_noop("新增 {came} 个字段"),
    "erase": gettext_noop("删除 {rows} 行，清理 {gone} 个文件"),
    "prove": gettext_noop("{rows} 个文件里仍有"),
    "backup": gettext_noop("{rows} 行，{came} 个文件"),
    "restore": gettext_noop("{rows} 行，{came} 个文件"),
}


def table_folder(home: Path, text: str) -> Path:
    """Return the folder of a table as a person names it.

    Raises:
        click.BadParameter: when that is no name.
        TableNameError, TableUnknownError: when it cannot be one, or there is none.
    """
    from jutong.library.errors import TableUnknownError
    from jutong.library.tables import table_path

    parts = text.strip("/").split("/")
    if len(parts) != 3:  # noqa: PLR2004 - zone, code, table
        raise click.BadParameter(text, param_hint="ZONE/CODE/TABLE")
    path = table_path(home / "library", *parts)
    if not (path / "_delta_log").is_dir():
        raise TableUnknownError(table=text)
    return path


def moment(text: str) -> datetime:
    """Return the instant a person means by a day (its end) or a time, in Beijing.

    Raises:
        click.BadParameter: when it is neither.
    """
    try:
        if len(text) == len("2026-01-31"):
            return datetime.combine(date.fromisoformat(text), time(), BEIJING) + timedelta(days=1, milliseconds=-1)
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise click.BadParameter(text, param_hint="--as-of") from error
    return found if found.tzinfo else found.replace(tzinfo=BEIJING)


def told_moment(milliseconds: int) -> str:
    """Return an instant as it is told: in Beijing, to the second."""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC).astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"
