"""`jutong catalog harvest`: a foreign listing becomes proposed entries, and every row is accounted for."""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from jutong.cli.center import center
from jutong.cli.text import columns, language, say
from jutong.kernel.clock import utc_now
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop, translate

if TYPE_CHECKING:
    from jutong.center.intake.harvest import SheetHarvest
    from jutong.center.org.actor import Actor
    from jutong.center.org.models import Organisation

HEADINGS = (
    gettext_noop("表"), gettext_noop("读取"), gettext_noop("接受"), gettext_noop("其中重复"), gettext_noop("拒绝"),
    gettext_noop("有提醒"),
)  # fmt: skip
TOTAL = gettext_noop("合计")
SHARE = gettext_noop("接受率{share}%")
LOOK = gettext_noop("请核对表头：{sheet}的“{header}”当作{field}（把握{confidence}，{reason}）")
UNMAPPED = gettext_noop("没有对应字段的表头：{sheet}的“{header}”（{reason}，{cells}格有内容，已随行保留）")
REJECTED = gettext_noop("拒绝原因：{reason}（{rule}），{rows}行")
SKIPPED = gettext_noop("不是清单，没有读：{name}")
BROKEN = gettext_noop("没有读完：{name}，{problem}")
STORED = gettext_noop("已存为待办批次{batch}，共{count}条；请在“导入”里核对后生成草稿。")
DRY = gettext_noop("只试算，没有写入。")
WRITTEN = gettext_noop("报告：{path}")


class ChoiceUnknownError(JutongError):
    """An option names a header, a field or a value that does not exist."""

    code = "cli.harvest.choice-unknown"
    http_status = 422
    message = gettext_noop("选项“{option}”里的“{found}”不存在。")
    next_step = gettext_noop("可用的有：{allowed}")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="只试算，不写入 · count and report, store nothing")
@click.option("--organisation", "organisation_code", help="整份清单属于的机构代码 · credit code all rows belong to")
@click.option("--report", type=click.Path(dir_okay=False, path_type=Path), required=True, help="报告写到哪里 · JSON")
@click.option("--map", "choices", multiple=True, metavar="HEADER=FIELD", help="指定表头 · which field a header is")
@click.option(
    "--default", "defaults", multiple=True, metavar="FIELD=CODE", help="空缺时的值 · where a row says nothing"
)
def harvest(
    file: Path,
    *,
    dry_run: bool,
    organisation_code: str | None,
    report: Path,
    choices: tuple[str, ...],
    defaults: tuple[str, ...],
) -> None:
    """采集外部目录 · take over a foreign listing (zip, xlsx, xls, csv, json, parquet).

    Every row read is accepted, or rejected with its reasons; the report lists all of them, the mapping of every
    header with its confidence, and every spelling that was brought to a code. Accepted rows become proposals that a
    steward makes drafts of; nothing is published.
    """
    if dry_run and not organisation_code:
        _django()
        _run(file, report, choices=choices, defaults=defaults)
        return
    with center() as by:
        from jutong.center.org.queries import organisation

        owner = organisation(by, organisation_code) if organisation_code else None
        _run(file, report, choices=choices, defaults=defaults, owner=owner, by=None if dry_run else by)


def _django() -> None:
    """Set Django up for its models' shape alone; no registry has to run for a dry run."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jutong.center.conf")
    import django

    logging.getLogger("procrastinate").setLevel(logging.WARNING)  # what it loads is no news to an operator
    django.setup()


def _run(
    file: Path,
    report: Path,
    *,
    choices: Iterable[str],
    defaults: Iterable[str],
    owner: Organisation | None = None,
    by: Actor | None = None,
) -> None:
    from jutong.center.intake import harvest as harvesting
    from jutong.center.intake.accept import Defaults
    from jutong.center.intake.reading import read

    listing = read(file, name=file.name)
    known = Defaults(
        fields=_default_values(defaults), provider=owner.name if owner else "", needs_provider=owner is None
    )
    found = list(harvesting.harvests(listing, defaults=known, choices=_pairs("--map", choices)))
    _check_choices(_pairs("--map", choices), found)
    batches = [_stored(row, file.name, owner, by) for row in found]
    document = {
        "file": file.name,
        "format": str(listing.format),
        "bytes": file.stat().st_size,
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "at": utc_now().isoformat(timespec="seconds"),
        "dry_run": by is None,
        "organisation": owner.code if owner else "",
        **harvesting.totals(found),
        "reasons": harvesting.reasons(found, _told),
        "skipped": list(listing.skipped),
        "broken": [{"name": name, "problem": error.explain(language())} for name, error in listing.broken],
        "sheets": [
            {**row.report(_told), "batch": batch} for row, batch in zip(found, batches, strict=True)
        ],
    }  # fmt: skip
    report.write_text(json.dumps(document, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    _tell(document, report)


def _stored(row: SheetHarvest, file: str, owner: Organisation | None, by: Actor | None) -> str:
    """Store a sheet's accepted rows as a batch of proposals and return its id; a dry run only counts."""
    if by is None:
        for _ in row.proposals():
            pass
        return ""
    from jutong.center.intake.actions import store_batch

    name = file if row.sheet.name == file else f"{file}/{row.sheet.name}"
    batch = store_batch(
        kind="harvest",
        organisation=owner,
        name=name[:200],
        proposals=row.proposals(),
        mapping=row.mapping,
        by=by,
        now=utc_now(),
    )
    return str(batch.id)


def _told(text: str) -> str:
    return translate(text, language()) if text else ""


def _pairs(option: str, given: Iterable[str]) -> dict[str, str]:
    """Return ``NAME=VALUE`` options as a table."""
    found: dict[str, str] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise ChoiceUnknownError(option=option, found=text, allowed="NAME=VALUE")
        found[name.strip()] = value.strip()
    return found


def _check_choices(choices: dict[str, str], found: list[SheetHarvest]) -> None:
    from jutong.center.intake.mapping import known_fields

    headers = {match.header for row in found for match in row.mapping.columns}
    for header, field in choices.items():
        if header not in headers:
            raise ChoiceUnknownError(option="--map", found=header, allowed="、".join(sorted(headers)))
        if field and field not in known_fields():
            raise ChoiceUnknownError(option="--map", found=field, allowed="、".join(known_fields()))


def _default_values(given: Iterable[str]) -> dict[str, Any]:
    from jutong.center.intake.taking import take

    found: dict[str, Any] = {}
    for field, text in _pairs("--default", given).items():
        taken = take(field, text) if field in _default_fields() else None
        if taken is None or taken.notice is not None or field not in taken.values:
            raise ChoiceUnknownError(option="--default", found=f"{field}={text}", allowed="、".join(_default_fields()))
        found[field] = taken.values[field]
    return found


def _default_fields() -> tuple[str, ...]:
    return (
        "classification", "domain", "data_format", "update_cycle", "share_attribute", "share_way", "share_scope",
        "share_purpose", "use_conditions", "grade", "is_open", "not_secret", "origin",
    )  # fmt: skip


def _tell(document: dict[str, Any], report: Path) -> None:
    counts = ("read", "accepted", "repeated", "rejected", "warned")
    rows = [[row["sheet"], *(row[name] for name in counts)] for row in document["sheets"]]
    table = [[_told(heading) for heading in HEADINGS], *rows, [_told(TOTAL), *(document[name] for name in counts)]]
    for line in columns(table):
        click.echo(line)
    say(SHARE, share=f"{document['accepted_share'] * 100:.2f}")
    for row in document["sheets"]:
        _tell_headers(row)
    for reason in document["reasons"]:
        say(REJECTED, reason=reason["message"], rule=reason["rule"], rows=reason["rows"])
    for name in document["skipped"]:
        say(SKIPPED, name=name)
    for row in document["broken"]:
        say(BROKEN, **row)
    if document["dry_run"]:
        say(DRY)
    say(WRITTEN, path=report)


def _tell_headers(row: dict[str, Any]) -> None:
    for match in row["mapping"]:
        if match["look"]:
            named = {name: match[name] for name in ("header", "field", "confidence", "reason")}
            say(LOOK, sheet=row["sheet"], **named)
    for match in row["unmapped"]:
        say(UNMAPPED, sheet=row["sheet"], **{name: match[name] for name in ("header", "reason", "cells")})
    if row["problem"]:
        say(BROKEN, name=row["sheet"], problem=row["problem"])
    if row["batch"]:
        say(STORED, batch=row["batch"], count=row["accepted"] - row["repeated"])
