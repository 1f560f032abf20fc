from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from jutong.center.catalog import template
from jutong.center.catalog.models import CatalogTemplate
from jutong.center.catalog.template import edition, edition_in_force, editions, exists, load_template
from jutong.kernel.errors import ForbiddenError
from jutong.standards.classification import ClassificationCycleError, ClassificationError
from jutong.standards.template import TemplateEdition
from jutong.standards.template_document import (
    TemplateInvalidError,
    TemplateUnknownError,
    shipped_document,
)
from jutong.standards.template_loosening import TemplateLoosenedError
from tests.center_world import CITY, NOW, PLATFORM, City

TODAY = date(2026, 11, 9)


def local(**changes: Any) -> dict[str, Any]:
    document: dict[str, Any] = {
        "id": "jinhe",
        "version": 1,
        "title": "金河市编制模板",
        "title_en": "Template of Jinhe",
        "base": "cn-2025",
        "division": CITY,
        "effective_from": "2026-01-01",
        "fields": [{"id": "domain", "obligation": "M"}],
    }
    return {**document, **changes}


def load(document: dict[str, Any]) -> TemplateEdition:
    return load_template(document=document, by=PLATFORM, now=NOW)


@pytest.mark.usefixtures("db")
def test_the_national_edition_holds_until_another_is_loaded() -> None:
    assert edition_in_force(TODAY, CITY).id == "cn-2025"
    load(local())
    assert edition_in_force(TODAY, CITY).id == "jinhe"
    assert edition_in_force(date(2025, 12, 31), CITY).id == "cn-2025"
    assert edition_in_force(TODAY, "620100").id == "cn-2025"
    assert edition_in_force(TODAY).id == "cn-2025"


@pytest.mark.usefixtures("db")
def test_the_narrowest_area_wins_then_the_newest() -> None:
    load({**shipped_document("province-2025"), "division": "620000"})
    assert edition_in_force(TODAY, "620102").id == "province-2025"
    assert edition_in_force(TODAY, "629900").id == "province-2025"
    load(local())
    load(local(version=2, effective_from="2026-06-01"))
    load(local(version=3, effective_from="2027-01-01"))
    assert edition_in_force(TODAY, CITY).key == "jinhe.2"
    assert edition("jinhe").version == 3
    assert edition("jinhe.1").version == 1
    assert edition("province-2025.1").division == "620000"


@pytest.mark.usefixtures("db")
def test_an_unknown_edition_is_named() -> None:
    assert exists("")
    assert exists("cn-2025.1")
    for key in ("nowhere", "cn-2025.9", "cn-2025.x"):
        assert not exists(key)
        with pytest.raises(TemplateUnknownError, match="cn-2025"):
            edition(key)


@pytest.mark.usefixtures("db")
def test_a_local_edition_tightens_and_adds() -> None:
    extra = {
        "id": "window", "label": "受理窗口", "label_en": "Counter", "kind": "text", "obligation": "M",
        "group": "holding", "length": 20,
    }  # fmt: skip
    found = load(local(fields=[{"id": "domain", "obligation": "M"}, {"id": "summary", "length": 300}, extra]))
    domain, summary, window = found.field("domain"), found.field("summary"), found.field("window")
    assert domain is not None
    assert domain.obligation == "M"
    assert summary is not None
    assert summary.length == 300
    assert window is not None
    assert window.is_extension
    assert [row.id for row in found.extensions] == ["window"]
    assert len(found.fields) == len(edition("cn-2025").fields) + 1


@pytest.mark.usefixtures("db")
def test_a_local_edition_never_loosens() -> None:
    with pytest.raises(TemplateLoosenedError) as refused:
        load(local(fields=[{"id": "summary", "obligation": "O"}]))
    assert refused.value.fields["place"] == "/fields/0/obligation"
    assert not CatalogTemplate.objects.exists()


@pytest.mark.usefixtures("db")
def test_what_binds_everybody_binds_a_local_edition_on_an_older_base_too() -> None:
    load({**local(id="cn-2026", division="", fields=[{"id": "origin", "obligation": "M"}]), "version": 1})
    with pytest.raises(TemplateLoosenedError) as refused:
        load(local())
    assert refused.value.fields["place"] == "/entry/origin/obligation"
    assert load(local(base="cn-2026", fields=[])).base == "cn-2026.1"


@pytest.mark.usefixtures("db")
def test_loading_again_changes_nothing_and_other_content_needs_another_version() -> None:
    first = load(local())
    assert load(local()) is first
    assert CatalogTemplate.objects.count() == 1
    with pytest.raises(template.TemplateTakenError):
        load(local(title="另一个"))
    with pytest.raises(template.TemplateTakenError):
        load(local(base="province-2025"))


@pytest.mark.usefixtures("db")
def test_a_local_edition_keeps_to_the_version_it_was_loaded_on() -> None:
    load(local(id="base", division="", fields=[{"id": "origin", "obligation": "M"}]))
    found = load(local(base="base", fields=[]))
    load(local(id="base", division="", version=2, fields=[{"id": "origin", "length": 10}]))
    template._loaded.cache_clear()
    again = edition("jinhe")
    assert again is not found
    origin = again.field("origin")
    assert origin is not None
    assert (origin.obligation, origin.length) == ("M", 200)


@pytest.mark.usefixtures("db")
def test_a_document_that_does_not_hold_together_is_refused_whole() -> None:
    with pytest.raises(TemplateInvalidError):
        load(local(base="nowhere"))
    circle = [
        {"code": "307010", "label": "甲", "label_en": "A", "parent": "307010A"},
        {"code": "307010A", "label": "乙", "label_en": "B", "parent": "307010"},
    ]
    with pytest.raises(ClassificationCycleError, match="307010"):
        load(local(classes=circle))
    with pytest.raises(ClassificationError):
        load(local(classes=[{"code": "399010", "label": "甲", "label_en": "A", "parent": "399"}]))
    assert not CatalogTemplate.objects.exists()


def test_an_authority_sets_the_template_of_its_own_division(city: City) -> None:
    authority = city["authority"]
    with pytest.raises(template.TemplateDivisionError):
        load_template(document=local(division="620000"), by=authority, now=NOW)
    with pytest.raises(template.TemplateDivisionError):
        load_template(document=local(division=""), by=authority, now=NOW)
    with pytest.raises(ForbiddenError):
        load_template(document=local(), by=city["steward"], now=NOW)
    assert load_template(document=local(), by=authority, now=NOW).id == "jinhe"
    rows = {row.edition.key: row for row in editions(city["steward"], TODAY)}
    assert set(rows) == {"jinhe.1", "cn-2025.1", "province-2025.1"}
    assert rows["jinhe.1"].is_in_force
    assert rows["jinhe.1"].loaded_at == NOW
    assert not rows["cn-2025.1"].is_in_force
    with pytest.raises(ForbiddenError):
        editions(replace(city["steward"], role="nobody"), TODAY)
