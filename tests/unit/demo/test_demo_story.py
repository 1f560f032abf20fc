"""What follows the catalog in the demonstration: parts at work, parts waiting, parts late; and nobody real."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from jutong.center.agreement.models import Agreement, Breach
from jutong.center.catalog.models import Entry
from jutong.center.clocks.models import StatutoryClock
from jutong.center.complaint.models import Complaint
from jutong.center.correction.models import Correction
from jutong.center.demand.models import Demand
from jutong.center.dispute.models import Dispute
from jutong.center.fleet.models import Source
from jutong.center.fleet.service import ensure_local_node
from jutong.center.jobs.models import Transfer
from jutong.center.library.models import FeedRow, Library
from jutong.center.org.models import Organisation
from jutong.center.remedy.models import Disposal, LedgerAsk, Rectification, ServiceChange
from jutong.center.returns.models import ReturnFlow
from jutong.center.sharing.office import Delegation, Duty
from jutong.center.supervision.models import Case
from jutong.demo import city_load
from jutong.demo.catalog_bound import BOUND_ENTRIES
from jutong.demo.chain import province, story
from jutong.demo.chain.library import FEEDS
from jutong.demo.city import CITY_CODE, PEOPLE, department
from jutong.kernel.settings import Settings
from jutong.library.definitions import shipped
from jutong.standards import credit_code

NOW = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


@pytest.fixture
def home(db: None, settings: Any, tmp_path: Path) -> Settings:
    """A city with its catalog, whose node reported the tables behind it."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    home = settings.JUTONG = Settings(home=tmp_path)
    city_load.load(NOW)
    city_load.load_catalog(NOW)
    node = ensure_local_node(home, NOW)
    for row in BOUND_ENTRIES:
        owner = Organisation.objects.get(code=department(row.department).code)
        made = {"dialect": "postgresql", "organisation": owner, "is_ok": True, "seen_at": NOW}
        source, _ = Source.objects.get_or_create(node=node, name=row.source, defaults=made)
        named = [item.column for item in row.items if item.column]
        columns = [{"name": name, "type": "text", "key": at == 0} for at, name in enumerate(named)]
        table = {"name": row.table, "schema_name": "public", "columns": columns, "row_estimate": 100}
        source.tables = [*source.tables, table]
        source.save()
    city_load.bind(NOW)
    return home


def _states(model: type, field: str = "state") -> set[str]:
    return set(model.objects.values_list(field, flat=True))  # type: ignore[attr-defined]


def test_the_city_lives_the_whole_chain_once(home: Settings) -> None:
    story.load(home, NOW)
    assert _states(Demand) == {"stated", "merged", "assigned", "matched", "cataloguing", "not-held", "met"}
    assert Demand.objects.get(division_code="620000").requester.short_name == "市民政局"
    assert {"in-force", "sent", "signed", "ended", "suspended"} <= _states(Agreement)
    assert set(Breach.objects.values_list("state", "obligation__kind")) == {
        ("answered", "quality"), ("found", "quality"), ("found", "disposal"),
    }  # fmt: skip
    assert _states(Correction) == {"verifying", "travelling", "closed"}
    assert set(Dispute.objects.values_list("state", flat=True)) == {"coordinating", "referred"}
    assert _states(Disposal) == {"disposed", "reported", "open"}
    assert Rectification.objects.get().grant.state == "suspended"
    assert _states(LedgerAsk) == {"asked", "filled"}
    assert {"offered", "noticed", "reported", "rectified"} <= _states(Case)
    assert ServiceChange.objects.get().consultations.filter(stance="").exists()
    assert _states(Complaint) == {"handling", "answered"}
    assert _states(ReturnFlow) == {"asked", "docking"}
    assert Duty.objects.count() == 4
    assert set(Transfer.objects.values_list("state", "version", "schedule__kind")) == {
        ("on", 1, "workdays"), ("on", 1, "after"),
    }  # fmt: skip
    assert Library.objects.count() == len(shipped())
    assert FeedRow.objects.filter(state="on").count() == len(FEEDS)
    assert Delegation.objects.count() == 3
    late = StatutoryClock.objects.filter(state="running", due_on__lt=NOW.date())
    assert {
        "SLA-DEM-ASG",
        "SLA-DEM-ANS",
        "SLA-AGR",
        "SLA-COR",
        "SLA-COR-CFM",
        "SLA-DISP-COO",
        "SLA-DISP-GOV",
        "SLA-DISPOSE",
        "SLA-RECT",
        "SLA-VIO",
        "SLA-CMP",
        "SLA-LED",
    } <= set(late.values_list("period", flat=True))
    before = Demand.objects.count(), Case.objects.count(), Entry.objects.count()
    story.load(home, NOW)
    assert (Demand.objects.count(), Case.objects.count(), Entry.objects.count()) == before


def test_the_province_is_nobody_real() -> None:
    for upper in (province.AUTHORITY, province.CIVIL):
        assert credit_code.check(upper.code) is None
        assert upper.code[2:8] == CITY_CODE
        assert "演示" in upper.name
    taken = {person.username for person in PEOPLE} | {person.display_name for person in PEOPLE}
    assert not taken & {word for upper in (province.AUTHORITY, province.CIVIL) for row in upper.staff for word in row}
