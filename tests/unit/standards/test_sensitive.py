from __future__ import annotations

import pytest

from jutong.standards.sensitive import BY_VALUES, kinds, recognise


@pytest.mark.parametrize(
    ("name", "comment", "kind"),
    [
        ("gmsfhm", "公民身份号码", "identity"),
        ("hzsfhm", "", "identity"),
        ("ID_CARD_NO", "", "identity"),
        ("xm", "姓名", "name"),
        ("fzr", "负责人", "name"),
        ("fzr_sfzh", "负责人身份证号", "identity"),
        ("mobilePhone", "", "phone"),
        ("hjdz", "户籍地址", "address"),
        ("csrq", "出生日期", "birth-date"),
        ("mz", "民族", "personal-trait"),
        ("hphm", "号牌号码", "plate"),
        ("bank_card_no", "", "bank-card"),
        ("dzyx", "电子邮箱", "email"),
        ("tyshxydm", "统一社会信用代码", "credit-code"),
        ("cjlb", "残疾类别", "health"),
        ("jcjs", "缴存基数", "finance"),
    ],
)
def test_what_departments_call_their_columns_is_recognised(name: str, comment: str, kind: str) -> None:
    found = recognise(name, comment=comment, data_type="C")
    assert found is not None
    assert found.kind.id == kind
    assert 0 < found.confidence < 1
    assert found.reasons


@pytest.mark.parametrize(
    ("name", "comment"),
    [
        ("qymc", "企业名称"),
        ("lxdh", "办公电话"),
        ("dz", "经营地址"),
        ("hjqhdm", "户籍行政区划代码"),
        ("zjlx", "证件类型"),
        ("xx", "小学"),
        ("user_id", ""),
        ("jl", "轨迹点数量"),
        ("rs", "人数"),
    ],
)
def test_what_only_looks_like_it_is_left_alone(name: str, comment: str) -> None:
    assert recognise(name, comment=comment, data_type="C") is None


def test_a_type_that_cannot_hold_it_speaks_against_a_name() -> None:
    assert recognise("xm", comment="姓名", data_type="D") is None
    assert recognise("xm", comment="姓名") is not None


def test_values_outweigh_a_misleading_name() -> None:
    found = recognise("bz", comment="备注", data_type="M", filled=400, patterns={"identity": 396, "phone": 4})
    assert found is not None
    assert found.kind.id == "identity"
    assert found.reasons[0].sentence == BY_VALUES
    assert found.reasons[0].fields == {"filled": "400", "count": "396", "kind": "公民身份号码"}


def test_a_few_values_of_a_form_say_nothing() -> None:
    assert recognise("bz", comment="备注", filled=400, patterns={"identity": 20}) is None


def test_several_signs_are_surer_than_one() -> None:
    one, two = recognise("c1", comment="公民身份号码"), recognise("gmsfhm", comment="公民身份号码")
    assert one is not None
    assert two is not None
    assert two.confidence > one.confidence


def test_of_two_kinds_the_one_with_the_higher_level_stands() -> None:
    found = recognise("c", comment="联系人银行卡号", data_type="C")
    assert found is not None
    assert found.kind.id == "bank-card"
    assert found.kind.grade == "general-4"


def test_kinds_agree_with_the_decision_table_and_the_catalogue_s_modes() -> None:
    assert {kind.grade for kind in kinds()} == {"general-1", "general-2", "general-3", "general-4"}
    assert all(kind.mode in {"verify", "masked", "plain"} for kind in kinds())
    assert all(kind.personal for kind in kinds() if kind.sensitive)
    assert len({kind.id for kind in kinds()}) == len(kinds())
