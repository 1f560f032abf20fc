from __future__ import annotations

import orjson
import pytest

from jutong.center.catalog.out import MEDIA_TYPES, Form
from tests.center_world import City
from tests.integration.api.conftest import As


@pytest.mark.parametrize("form", list(Form))
def test_the_catalog_in_every_form(city: City, as_: As, form: Form):
    city.published()
    answer = as_(city["requester"]).send("GET", f"/catalog.{form}")
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith(MEDIA_TYPES[form])
    assert b"".join(answer.streaming_content)  # type: ignore[attr-defined]  # it is a streaming one


def test_what_a_search_finds(city: City, as_: As):
    city.published()
    city.published(name="收养登记信息", summary="收养")
    answer = as_(city["requester"]).send("GET", "/catalog.json?q=收养")
    found = orjson.loads(b"".join(answer.streaming_content))  # type: ignore[attr-defined]  # it is a streaming one
    assert [row["name"] for row in found["entries"]] == ["收养登记信息"]
    answer = as_(city["requester"]).send("GET", "/catalog.json?share=none&cycle=daily")
    found = orjson.loads(b"".join(answer.streaming_content))  # type: ignore[attr-defined]  # it is a streaming one
    assert found["entries"] == []


@pytest.mark.parametrize(("path", "status"), [("/catalog.exe", 404), ("/catalog.json?colour=red", 400)])
def test_what_is_unknown_is_refused(city: City, as_: As, path: str, status: int):
    as_(city["requester"]).ask("GET", path, status=status)
