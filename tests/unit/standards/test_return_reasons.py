from __future__ import annotations

from jutong.standards.return_reasons import OTHER, return_reasons


def test_every_reason_rests_on_a_clause_and_says_what_to_do_in_both_languages():
    reasons = return_reasons()
    assert list(reasons)[-1] == OTHER
    for reason in reasons.values():
        assert reason.clause.startswith("政务数据共享条例第")
        assert reason.advice
        assert reason.advice_en
        assert (reason.label(), reason.label("en-gb")) == (reason.name, reason.name_en)


def test_a_reason_that_says_nothing_by_itself_needs_words():
    assert return_reasons()[OTHER].needs_text
    assert not return_reasons()["self-made-condition"].needs_text
