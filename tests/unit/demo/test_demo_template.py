from __future__ import annotations

import pytest

from jutong.center.catalog.models import CatalogTemplate
from jutong.center.catalog.template import edition_in_force
from jutong.demo import template_load
from jutong.demo.city import CITY_CODE, DEPARTMENTS
from jutong.kernel.clock import civil_date
from jutong.standards.classification import with_local
from tests.center_world import NOW


@pytest.mark.usefixtures("db")
def test_the_city_has_its_own_edition_with_a_class_for_each_department() -> None:
    template_load.load(NOW)
    template_load.load(NOW)
    assert CatalogTemplate.objects.count() == 1
    found = edition_in_force(civil_date(NOW), CITY_CODE)
    assert found.id == "jinhe-2025"
    assert found.field("stored_total") is not None
    tree = with_local(found.classes)
    assert len(tree.children("307")) == len(DEPARTMENTS)
    assert tree.label("307010").endswith("市民政局")
