from __future__ import annotations

from datetime import date

import pytest

from jutong.kernel import errors
from jutong.kernel.errors import (
    ConflictError,
    ForbiddenError,
    InvalidInputError,
    JutongError,
    NotFoundError,
    kinds,
)


class TooLateError(JutongError):
    code = "tests.clock.too-late"
    http_status = 409
    message = "已经过了{due}，还差{left}个。"
    next_step = "请在{due}之前办理。"


def test_a_kind_fills_its_sentences_from_the_fields():
    error = TooLateError(due=date(2026, 11, 21), left=3)
    assert error.explain() == "已经过了2026-11-21，还差3个。"
    assert error.advise() == "请在2026-11-21之前办理。"
    assert str(error) == "tests.clock.too-late: 已经过了2026-11-21，还差3个。"


def test_a_missing_field_leaves_the_template_readable():
    assert TooLateError().explain() == "已经过了{due}，还差{left}个。"


def test_english_comes_from_the_catalog(monkeypatch):
    monkeypatch.setattr(errors, "translate", lambda text, language: f"{language}|{text}")
    assert TooLateError(due=1, left=2).explain("en") == "en|已经过了1，还差2个。"


def test_the_envelope_holds_plain_values_only():
    error = TooLateError(
        due=date(2026, 11, 21), left=None, rows=[(1, {"a": date(2026, 1, 1)})], names={"x"}, flag=True, ratio=0.5
    )
    assert error.envelope() == {
        "error": {
            "code": "tests.clock.too-late",
            "message": "已经过了2026-11-21，还差None个。",
            "next_step": "请在2026-11-21之前办理。",
            "fields": {
                "due": "2026-11-21",
                "left": None,
                "rows": [[1, {"a": "2026-01-01"}]],
                "names": ["x"],
                "flag": True,
                "ratio": 0.5,
            },
        }
    }


def test_every_kind_is_registered_under_its_code():
    assert kinds()["tests.clock.too-late"] is TooLateError
    assert list(kinds()) == sorted(kinds())


def test_two_kinds_cannot_share_a_code():
    with pytest.raises(TypeError, match="share the code"):

        class AnotherError(JutongError):
            code = "tests.clock.too-late"


def test_a_kind_without_a_code_of_its_own_is_not_registered():
    before = kinds()

    class NarrowerError(TooLateError):
        http_status = 410

    assert kinds() == before
    assert NarrowerError(due=1, left=1).code == "tests.clock.too-late"


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (NotFoundError(what="目录"), 404, "找不到目录"),
        (ForbiddenError(needed="数据专员", post="经办人"), 403, "“数据专员”"),
        (ConflictError(what="目录", who="李敏"), 409, "目录已被李敏改动"),
        (JutongError(), 500, "意外"),
    ],
)
def test_the_common_kinds(error, status, words):
    assert error.http_status == status
    assert words in error.explain()
    assert error.advise()


def test_wrong_input_is_summed_up_and_listed_in_full():
    problems = [{"field": f"字段{number}", "message": "不能为空"} for number in range(7)]
    error = InvalidInputError(problems=problems)
    assert error.fields["problems"] == problems
    assert error.explain().startswith("填写的内容有7处要改：字段0：不能为空；")
    assert "字段5" not in error.explain()
