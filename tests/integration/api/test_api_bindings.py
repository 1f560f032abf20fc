from __future__ import annotations

from jutong.center.fleet.models import Order, Source
from tests.center_world import City
from tests.integration.api.conftest import As

PLACE = {"kind": "service", "source": "civil-doors", "protocol": "http", "address": "10.0.0.5:8080", "path": "/health"}


def test_a_place_is_bound_and_the_rate_told(city: City, as_: As) -> None:
    Source.objects.filter(id=city.source("civil-doors").id).update(dialect="endpoints", tables=[])
    code = city.published().entry.code
    steward = as_(city["steward"])
    (before,) = steward.ask("GET", "/binding-rates")["rows"]
    assert (before["percent"], before["shared"], before["bound"]) == (0.0, 1, 0)
    bound = steward.ask("PUT", f"/catalog/entries/{code}/place", PLACE)
    assert (bound["kind"], bound["place"]["path"], bound["health"], bound["problems"]) == (
        "service",
        "/health",
        "unknown",
        [],
    )
    (after,) = as_(city["authority"]).ask("GET", "/binding-rates")["rows"]
    assert (after["percent"], after["unchecked"], after["organisation"]["code"]) == (100.0, 1, city.civil.code)
    assert Order.objects.filter(kind="watch").count() == 1
    own = steward.ask("GET", f"/catalog/own/{code}")
    assert own["binding"]["kind"] == "service"


def test_a_place_with_a_password_or_of_no_kind_is_refused(city: City, as_: As) -> None:
    Source.objects.filter(id=city.source("civil-doors").id).update(dialect="endpoints", tables=[])
    path = f"/catalog/entries/{city.published().entry.code}/place"
    steward = as_(city["steward"])
    error = steward.ask("PUT", path, {**PLACE, "address": "u:secret@h"}, status=422)["error"]
    assert error["code"] == "contracts.place.invalid"
    assert "secret" not in str(error)
    steward.ask("PUT", path, {**PLACE, "kind": "table"}, status=422)
    as_(city["stranger"]).ask("PUT", path, PLACE, status=404)
