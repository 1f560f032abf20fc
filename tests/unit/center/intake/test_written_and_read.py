"""What the catalog writes as CSV is understood again without a question."""

from __future__ import annotations

from dataclasses import replace

from jutong.center.catalog.out import to_csv
from jutong.center.intake.accept import propose_entries
from jutong.center.intake.mapping import SURE, propose, samples_of
from jutong.center.intake.reading import read_bytes
from tests.unit.center.catalog.out.conftest import RECORD, WITHHELD

SAME = (
    "name", "summary", "domain", "data_format", "format_type", "update_cycle", "share_attribute", "share_way",
    "share_scope", "share_purpose", "refusal_reason", "basis_kind", "basis_title", "basis_article", "grade", "is_open",
    "open_condition",
)  # fmt: skip


def test_a_written_catalog_is_read_back_as_it_was():
    known = [replace(RECORD, organisation_code="11629900MB4482457G"), replace(WITHHELD, summary="说明", domain="民生")]
    known[1] = replace(known[1], organisation_code="11629900MB4482457G")
    sheet = read_bytes(b"".join(to_csv(known)), name="catalog.csv").sheets[0]
    mapping = propose(sheet.headers, samples_of(sheet))
    assert {match.header for match in mapping.unmapped} == {"是否挂接"}
    assert all(match.confidence > SURE for match in mapping.columns if match.field)
    found = list(propose_entries(sheet.rows(), mapping))
    for record, proposal in zip(known, found, strict=True):
        assert proposal.accepted
        assert {name: getattr(proposal.fields, name) for name in SAME} == {name: getattr(record, name) for name in SAME}
        assert (proposal.code, proposal.provider) == (record.code, record.organisation_name)
        assert [item.name for item in proposal.items] == [item.name for item in record.items]
