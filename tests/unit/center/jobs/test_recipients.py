"""What may be encrypted for whom."""

from __future__ import annotations

import pytest

from jutong.center.jobs.errors import MarkUnfitError, RuleColumnError, SealUnequalError, SealUnfitError
from jutong.center.jobs.ordering import order_job
from jutong.center.jobs.recipients import recipients
from jutong.center.jobs.work import Work
from jutong.contracts.fingerprint import Fingerprint
from jutong.contracts.modes import ChangesMode, DifferenceMode, MergeMode
from jutong.contracts.rules import ColumnMask
from jutong.contracts.steps import Concat
from tests.sharing_steps import orders, sharing
from tests.sharing_world import NOW, World


def test_a_column_is_encrypted_for_somebody_who_may_see_it_in_full(world: World) -> None:
    sharing(world)
    (only,) = recipients(world.entry)
    assert "marital" in only.columns
    assert "id_number" not in only.columns  # it may be verified only
    sealed = ColumnMask(column="marital", mask="sealed", agreement=only.agreement)
    both = Concat(id="both", columns=("marital", "id_number"), into="both")

    def order(*masks: ColumnMask, **changes: object) -> None:
        order_job(entry=world.entry, by=world.steward, now=NOW, work=Work(masks=masks, **changes))  # type: ignore[arg-type]

    for mask, steps in (
        (sealed.model_copy(update={"agreement": "XY-0"}), ()),
        (sealed.model_copy(update={"column": "id_number"}), ()),
        (sealed.model_copy(update={"column": "both"}), (both,)),  # made of a column that is not shown
    ):
        with pytest.raises(SealUnfitError):
            order(mask, steps=steps)
    for mode in (MergeMode(keys=("marital",)), DifferenceMode(keys=("id_number",))):
        with pytest.raises(SealUnequalError):
            order(sealed, mode=mode)
    assert orders("job") == []
    order(sealed.model_copy(update={"mask": "sealed-equal"}), mode=DifferenceMode(keys=("id_number",)))
    assert orders("job")[0]["masks"] == [{"column": "marital", "mask": "sealed-equal", "agreement": only.agreement}]


def test_an_order_tells_whose_order_its_rows_come_in(world: World) -> None:
    grant = sharing(world)
    agreement = recipients(world.entry)[0].agreement
    mark = Fingerprint(agreement=agreement, column="marital", recipient_name="somebody else")
    for work in (
        Work(fingerprint=mark.model_copy(update={"agreement": "XY-0"})),
        Work(fingerprint=mark, mode=ChangesMode(keys=("id_number",))),
    ):
        with pytest.raises(MarkUnfitError):
            order_job(entry=world.entry, by=world.steward, now=NOW, work=work)
    wrong = mark.model_copy(update={"column": "gone"})
    with pytest.raises(RuleColumnError):
        order_job(entry=world.entry, by=world.steward, now=NOW, work=Work(fingerprint=wrong))
    order_job(entry=world.entry, by=world.steward, now=NOW, work=Work(fingerprint=mark))
    assert orders("job")[0]["fingerprint"] == {
        "agreement": agreement, "column": "marital", "recipient_code": grant.requester.code,
        "recipient_name": grant.requester.name, "entry_code": world.entry.code,
        "entry_name": world.entry.published_name,
    }  # fmt: skip
