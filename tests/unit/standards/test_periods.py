from __future__ import annotations

from datetime import date

import pytest

from jutong.standards import periods
from jutong.standards.periods import Bound, PeriodLooserError, PeriodUnknownError, Unit, localise

TODAY = date(2026, 11, 21)
RULEBOOK = {
    "SLA-CAT-UPD": (10, Unit.WORKDAY, 5, True),
    "SLA-CAT-REV": (2, Unit.WORKDAY, 0, True),
    "SLA-CAT-REV0": (2, Unit.WORKDAY, 0, False),
    "SLA-REP-U": (1, Unit.WORKDAY, 10, True),
    "SLA-REP-C": (10, Unit.WORKDAY, 10, True),
    "SLA-SUP": (20, Unit.WORKDAY, 0, True),
    "SLA-COR": (10, Unit.WORKDAY, 0, True),
    "SLA-LOG": (3, Unit.YEAR, 0, True),
    "SLA-CON": (3, Unit.YEAR, 0, True),
    "SLA-PIA": (3, Unit.YEAR, 0, True),
    "SLA-NETLOG": (6, Unit.MONTH, 0, True),
}


@pytest.mark.parametrize("period_id", RULEBOOK)
def test_the_table_is_that_of_the_rulebook(period_id):
    found = periods.period(period_id, on=TODAY)
    assert (found.length, found.unit, found.extension_cap, found.statutory) == RULEBOOK[period_id]
    assert found.clause
    assert not found.local


def test_what_an_extension_needs():
    assert periods.period("SLA-REP-C", on=TODAY).extension_needs == ("authority-consent", "requester-notice")
    assert periods.period("SLA-CAT-UPD", on=TODAY).extension_needs == ("authority-consent",)
    assert all(bool(row.extension_needs) == bool(row.extension_cap) for row in periods.in_force(TODAY).values())


def test_where_the_law_is_silent_there_is_a_default():
    silent = {row.id for row in periods.in_force(TODAY).values() if not row.statutory}
    assert silent == {
        "SLA-AGR",
        "SLA-CAT-REV0",
        "SLA-CMP",
        "SLA-CONSULT",
        "SLA-COR-CFM",
        "SLA-DEM-ANS",
        "SLA-DEM-ASG",
        "SLA-DEM-CAT",
        "SLA-DISP-COO",
        "SLA-DISP-GOV",
        "SLA-DISP-NEG",
        "SLA-DISPOSE",
        "SLA-FIL",
        "SLA-LED",
        "SLA-QLT",
        "SLA-RECT",
        "SLA-RET",
        "SLA-SUPP",
        "SLA-VIO",
        "SLA-WHO",
    }


def test_ids_fit_their_column():
    assert max(map(len, periods.in_force(TODAY))) <= 16


def test_nothing_applies_before_it_took_effect():
    with pytest.raises(PeriodUnknownError):
        periods.period("SLA-SUP", on=date(2025, 7, 31))
    assert periods.period("SLA-SUP", on=date(2025, 8, 1)).length == 20
    assert set(periods.in_force(date(2024, 1, 1))) == {"SLA-NETLOG", "SLA-PIA"}


def test_an_unknown_id_is_named():
    with pytest.raises(PeriodUnknownError) as caught:
        periods.period("SLA-NONE", on=TODAY)
    assert "SLA-NONE" in caught.value.explain()


def test_local_rules_may_be_stricter():
    reply = periods.period("SLA-REP-C", on=TODAY)
    local = localise(reply, 5, extension_cap=3)
    assert (local.length, local.extension_cap, local.local) == (5, 3, True)
    assert localise(reply, 10).extension_cap == 10
    keep = periods.period("SLA-LOG", on=TODAY)
    assert keep.bound is Bound.AT_LEAST
    assert localise(keep, 5).months == 60
    assert periods.period("SLA-NETLOG", on=TODAY).months == 6


@pytest.mark.parametrize(
    ("period_id", "length", "cap", "found", "statutory"),
    [
        ("SLA-REP-C", 11, None, 11, 10),
        ("SLA-REP-C", 10, 11, 11, 10),
        ("SLA-SUP", 20, 1, 1, 0),
        ("SLA-LOG", 2, None, 2, 3),
    ],
)
def test_local_rules_may_not_be_looser(period_id, length, cap, found, statutory):
    with pytest.raises(PeriodLooserError) as caught:
        localise(periods.period(period_id, on=TODAY), length, extension_cap=cap)
    assert (caught.value.fields["found"], caught.value.fields["statutory"]) == (found, statutory)
    assert caught.value.code == "standards.period.looser"


def test_defaults_of_the_platform_are_free():
    assert localise(periods.period("SLA-RECT", on=TODAY), 30).length == 30


@pytest.mark.parametrize(("length", "cap"), [(0, None), (1, -1)])
def test_nonsense_is_refused(length, cap):
    with pytest.raises(ValueError, match="at least one unit"):
        localise(periods.period("SLA-REP-C", on=TODAY), length, extension_cap=cap)


def test_working_days_have_no_months():
    with pytest.raises(ValueError, match="working days"):
        _ = periods.period("SLA-SUP", on=TODAY).months
