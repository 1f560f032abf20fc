from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from jutong.center.catalog.out import ItemRecord, Record

WRITTEN_AT = datetime(2026, 11, 9, 1, 12, tzinfo=UTC)
RECORD = Record(
    code="307010/00001",
    name="婚姻登记信息",
    summary="结婚、离婚登记的基本信息 <含撤销>",
    classification="307010",
    domain="民生服务",
    organisation_code="11620000MB1234567X",
    organisation_name="金河市民政局",
    data_format="sheet",
    format_type="xlsx",
    update_cycle="daily",
    share_attribute="conditional",
    is_open=True,
    open_condition="依申请开放",
    version=3,
    effective_from=date(2026, 11, 1),
    published_at=WRITTEN_AT,
    first_published_at=WRITTEN_AT.replace(year=2025),
    items=(
        ItemRecord(
            name="公民身份号码", english_name="identity number", data_type="C", length=18, note='写"18"位',
            is_open=False,
            element="DE-001", code_table="", source_code="307010/00002", share_attribute="conditional",
            grade="general-3", is_key=True, is_personal=True, is_sensitive=True,
        ),
        ItemRecord(name="婚姻状况", english_name="", data_type="C", length=None, note="", is_open=True),
    ),
    is_bound=True,
    quality=88,
    grade="general-3",
    share_channel="platform",
    share_way="service",
    share_scope="本市各部门",
    share_purpose="核验婚姻状况",
    related_codes=("307010/00002",),
    further_codes=("207010/00009",),
    extensions={"contact": "李四", "storage": 12},
)  # fmt: skip
WITHHELD = replace(
    RECORD, code="307010/00004", share_attribute="none", is_open=False, open_condition="", is_bound=False,
    refusal_reason="涉及未成年人", basis_kind="law", basis_title="未成年人保护法", basis_article="第一百零三条",
    domain="", summary="", format_type="", share_way="", items=(), further_codes=(),
)  # fmt: skip
OPEN = replace(
    RECORD, code="307010/00005", share_attribute="", open_condition="", grade="", share_channel="", share_way="",
    share_scope="", share_purpose="", quality=None, extensions=None, related_codes=(), further_codes=(),
    update_cycle="", data_format="",
)  # fmt: skip


@pytest.fixture
def written() -> list[Record]:
    return [RECORD, WITHHELD, OPEN]
