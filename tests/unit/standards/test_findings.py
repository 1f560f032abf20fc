from __future__ import annotations

import pytest

from jutong.kernel import errors, i18n
from jutong.kernel.errors import InvalidInputError
from jutong.standards import credit_code, findings
from jutong.standards.findings import Finding, StandardValueError


def test_a_finding_becomes_a_row_of_an_input_error():
    finding = credit_code.check("91310115MA1G4L1WXK")
    assert finding is not None
    row = finding.as_row("credit_code")
    assert row == {
        "field": "credit_code",
        "place": "校验码",
        "found": "K",
        "allowed": "应为7",
        "clause": "GB 32100-2015",
        "message": "校验码“K”；应为7",
    }
    assert "校验码" in InvalidInputError(problems=[row]).explain()


def test_the_error_speaks_the_language_it_is_asked_for(monkeypatch):
    english = {"校验码": "check character", "应为{check}": "should be {check}"}
    monkeypatch.setattr(
        findings, "translate", lambda text, language: english.get(text, text) if language == "en" else text
    )
    error = StandardValueError(finding=Finding("GB 1", "校验码", "K", "应为{check}", {"check": "7"}))
    assert error.explain() == "GB 1：校验码为“K”，应为7。"
    assert error.explain("en") == "GB 1：check character为“K”，should be 7。"
    assert error.fields == {"standard": "GB 1", "place": "校验码", "found": "K", "allowed": "应为7"}
    assert error.http_status == 422


@pytest.mark.parametrize(
    "code",
    [
        "standards.identity.invalid",
        "standards.credit-code.invalid",
        "standards.organisation-code.invalid",
        "standards.iso7064.invalid",
        "standards.certificate-id.invalid",
        "standards.resource-code.invalid",
        "standards.division.invalid",
        "standards.industry.invalid",
        "standards.nationality.invalid",
        "standards.period.looser",
        "standards.period.unknown",
        "standards.grade.unknown",
        "standards.calendar-file.invalid",
        "kernel.calendar.year-missing",
        "kernel.calendar.row-invalid",
    ],
)
def test_every_kind_is_registered_with_a_next_step(code):
    import jutong.standards.certificate_id
    import jutong.standards.divisions
    import jutong.standards.grading
    import jutong.standards.holidays
    import jutong.standards.identity
    import jutong.standards.industries
    import jutong.standards.nationalities
    import jutong.standards.periods
    import jutong.standards.resource_code  # noqa: F401

    kind = errors.kinds()[code]
    assert kind.message
    assert kind.next_step
    assert i18n.translate(kind.message) == kind.message
