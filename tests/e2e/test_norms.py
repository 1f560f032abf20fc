"""A department proposes a data element, the authority publishes it, and a column's name finds it from then on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.e2e.visitor import Visitor

pytestmark = pytest.mark.e2e
PAGES = (
    "/norms", "/norms/rules", "/norms/elements?q=sfzh", "/norms/elements/DE01002", "/norms/elements/waiting",
    "/norms/elements/new", "/norms/codes", "/norms/codes/load", "/norms/codes/gbt2260?on=1990-12-01",
    "/norms/codes/gbt2260/map?code=110221&start=1990-12-01", "/norms/conformance",
    "/norms/grading?person=serious&tag=health&scheme=db33-2350",
)  # fmt: skip


@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_the_pages_of_norms(visit: Callable[..., Visitor], width: int, height: int) -> None:
    visitor = visit("linyue", width=width, height=height)
    found = {}
    for address in PAGES:
        visitor.complaints.clear()
        assert visitor.open(address).status == 200, address
        faults = visitor.faults()
        if faults:
            found[address] = faults
    assert found == {}


def test_an_element_from_proposal_to_match(visit: Callable[..., Visitor]) -> None:
    steward = visit("zhouqiang")
    steward.open("/norms/elements/new")
    for label, text in (
        ("名称", "居住登记凭证号"), ("英文名称", "residence_slip_number"), ("定义", "居住登记凭证上的编号"),
        ("同义词", "jzdjpzh"),
    ):  # fmt: skip
        steward.page.get_by_label(label, exact=True).fill(text)
    steward.page.get_by_label("数据类型", exact=True).select_option("C")
    steward.click("存为草稿")
    steward.click("提交审核")
    authority = visit("linyue")
    authority.open("/norms/elements/waiting")
    authority.click("居住登记凭证号", role="link")
    authority.click("通过并发布")
    steward.open("/norms/elements?q=jzdjpzh")
    assert "居住登记凭证号" in steward.text()
    assert "列名是数据元常用的缩写" in steward.text()
