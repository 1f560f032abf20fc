from __future__ import annotations

from datetime import date

from jutong.standards import periods
from jutong.standards.violations import Duty, by_period, offences


def test_the_list_is_that_of_the_law():
    found = offences()
    assert list(found) == [*(f"P{n}" for n in range(1, 9)), *(f"R{n}" for n in range(1, 8)), "A1", "A2", "A3"]
    articles = {"P": ("39", Duty.PROVIDER), "R": ("40", Duty.REQUESTER), "A": ("41", Duty.AUTHORITY)}
    for code, offence in found.items():
        article, duty = articles[code[0]]
        assert (offence.clause, offence.duty) == (f"条例 {article}({code[1:]})", duty)
        assert offence.name
        assert offence.name_en


def test_late_clocks_are_violations_of_known_periods_and_only_one_each():
    known = periods.in_force(date(2026, 11, 22))
    assert set(by_period()) <= set(known)
    assert sum(len(row.periods) for row in offences().values()) == len(by_period())
    assert {by_period()[period].code for period in ("SLA-REP-U", "SLA-REP-C", "SLA-SUP")} == {"P4"}
    assert by_period()["SLA-COR"].code == "P6"
    assert "SLA-RECT" not in by_period()
