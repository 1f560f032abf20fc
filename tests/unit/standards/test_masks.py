from __future__ import annotations

from jutong.node.masking import PSEUDONYM, RULES, Pseudonyms
from jutong.standards.masks import HIDING, masks, usual_mask


def test_every_rule_of_the_node_is_offered_and_every_example_is_what_the_node_makes() -> None:
    assert set(masks()) == {*RULES, PSEUDONYM}
    token = Pseudonyms(b"made-up secret").rule("XY-made-up")
    made = {code: (token if code == PSEUDONYM else RULES[code])(mask.before) for code, mask in masks().items()}
    assert made == {code: mask.after for code, mask in masks().items()}
    assert all(mask.label and mask.label_en and not set(mask.fits) & set(mask.doubtful) for mask in masks().values())


def test_a_higher_level_leaves_less_and_an_unfit_rule_hides() -> None:
    assert [usual_mask("month", f"general-{n}", "D") for n in (1, 2, 3, 4)] == ["month", "month", "year", "year"]
    assert [usual_mask("band", f"general-{n}", "N") for n in (3, 4)] == ["band", HIDING]
    assert [usual_mask("year", "general-1", kind) for kind in "DCN"] == ["year"] * 3
    assert usual_mask("year", "general-1", "L") == HIDING
    assert usual_mask("unknown", "general-1", "C") == HIDING
