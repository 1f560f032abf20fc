"""The city's libraries: published by the authority, fed by its departments, and filled by the node after the start.

What is ordered here waits in the node's feed. So the first page opens at once, and a little later the registers have
been moved, standardised and fused as they are every working day.
"""

from __future__ import annotations

from jutong.center.jobs import transfers
from jutong.center.jobs.schedule import Schedule
from jutong.center.jobs.transfer import Transfer
from jutong.center.library import definitions, feeds
from jutong.center.library.models import FeedRow, Library
from jutong.demo.stage import Stage
from jutong.library.definitions import shipped

MOVED = (
    ("police", "户籍人口基本信息", "06:40"),
    ("civil", "婚姻登记当事人信息", "06:45"),
    ("market", "企业登记基本信息", "06:50"),
)
"""Registers that are moved whole every working day: department, entry, when."""
FEEDS: tuple[tuple[str, str, tuple[str, str], dict[str, str]], ...] = (
    ("police", "户籍人口基本信息", ("RK", "person"), {"household_division": "hjqhdm"}),
    ("civil", "婚姻登记当事人信息", ("RK", "person"), {}),
    ("civil", "婚姻登记信息", ("RK", "marriage"), {"registration_number": "djbh"}),
    ("civil", "最低生活保障对象信息", ("DSRJT", "recipient"), {}),
    ("market", "企业登记基本信息", ("FR", "organisation"), {"name": "qymc", "division": "qxdm"}),
)
"""What their stewards confirm: department, entry, library and table, and the columns no proposal found by its name.
Other proposals wait, for people to look at. Telephones of people stay out: the city's begin with zeros."""
CHANGED = "gxsj"
PROMISED_HOURS = 26


def load(stage: Stage) -> None:
    """Publish, feed and order the first moves, unless the libraries are there."""
    if Library.objects.exists():
        return
    for definition in shipped():
        definitions.publish(definition=definition, by=stage.authority(), now=stage.ago(2))
    saved = [_saved(stage, *row) for row in MOVED]
    feeds.propose(by=stage.steward("police"), now=stage.ago(1, minutes=30))
    for department, entry, into, more in FEEDS:
        _confirm(stage, department, (entry, *into), more)
    for department, transfer in saved:
        transfers.run_transfer(transfer=transfer, by=stage.steward(department), now=stage.now)


def _saved(stage: Stage, department: str, name: str, at: str) -> tuple[str, Transfer]:
    """Save a transfer that leaves every row as it is: the library's own steps say what is wrong with it."""
    by = stage.steward(department)
    draft = transfers.draft_transfer(entry=stage.entry(name), by=by, now=stage.ago(1))
    plain = transfers.terms_of(draft).work.model_copy(update={"rules": (), "masks": (), "steps": ()})
    changed = transfers.change_transfer(
        transfer=draft, by=by, now=stage.ago(1, minutes=5), name=f"{name}入库"[:80], work=plain,
        schedule=Schedule(kind="workdays", at=at), promised_hours=PROMISED_HOURS,
    )  # fmt: skip
    return department, transfers.switch_on(transfer=changed, by=by, now=stage.now)


def _confirm(stage: Stage, department: str, of: tuple[str, str, str], more: dict[str, str]) -> None:
    entry, code, table = of
    rows = FeedRow.objects.filter(entry=stage.entry(entry), table__library__code=code, table__name=table)
    found = rows.get()
    feeds.confirm(
        feed=found, by=stage.steward(department), now=stage.ago(1, minutes=40), changed=CHANGED,
        columns=tuple((dict(found.columns) | more).items()),
    )  # fmt: skip
