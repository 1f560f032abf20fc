"""Every write about quality: taking what a check counted, findings to their end, rules stewards add."""

from jutong.center.quality.actions.checking import check_again, open_rows, take_check
from jutong.center.quality.actions.findings import accept_finding, report_finding
from jutong.center.quality.actions.stewards import activate_rule, add_rule, retire_rule, try_rule

__all__ = [
    "accept_finding",
    "activate_rule",
    "add_rule",
    "check_again",
    "open_rows",
    "report_finding",
    "retire_rule",
    "take_check",
    "try_rule",
]
