from __future__ import annotations

from tests.integration.node.conftest import Running
from tests.node_world import ID_TWINS, query_body, verify_body


async def test_a_signed_query_is_answered_masked_and_on_record(started: Running) -> None:
    response = await started.query(query_body())
    assert response.status_code == 200, response.text
    content = response.json()
    assert content["rows"] == [
        {"姓名": "张**", "联系电话": "138******11", "住址": "金河市东湖区学府路1号", "出生日期": "2015-01-01"}
    ]
    assert started.node.log.size == 1
    index, attachment = started.node.log.find_record(content["record"])
    assert index == 0
    assert b"330102201501011234" not in attachment
    assert "张小明".encode() not in attachment


async def test_verification_says_yes_no_or_unknown(started: Running) -> None:
    async def answer(**changes: object) -> str:
        response = await started.verify(verify_body(**changes))
        assert response.status_code == 200, response.text
        return str(response.json()["answer"])

    assert await answer() == "yes"
    assert await answer(claims={"核验姓名": "欧阳小明"}) == "no"
    assert await answer(key={"公民身份号码": "330102209901011234"}) == "unknown"
    assert await answer(key={"公民身份号码": ID_TWINS}, claims={"核验姓名": "李一"}) == "unknown"
