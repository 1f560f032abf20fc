"""The catalog written for other systems to read: JSON, XML in the manner of GB/T 21063, DCAT-AP 3.0, CSV."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from django.http import HttpResponseBase, StreamingHttpResponse
from ninja import Query, Router
from pydantic import Field

from jutong.api.door import ApiRequest, asks
from jutong.api.types import Asked
from jutong.center.catalog.out import MEDIA_TYPES, Form, document, keeper, searched
from jutong.center.org.permissions import Permission

router = Router(tags=["目录 catalog"])
_Values = Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=50)]
_TOLD = {
    Form.JSON: ("exportCatalogJson", "目录，JSON · the catalog as JSON"),
    Form.XML: ("exportCatalogXml", "目录，GB/T 21063式XML · the catalog as XML in the manner of GB/T 21063"),
    Form.TURTLE: ("exportCatalogTurtle", "目录，DCAT-AP 3.0的Turtle · the catalog as DCAT-AP 3.0 in Turtle"),
    Form.JSON_LD: ("exportCatalogJsonLd", "目录，DCAT-AP 3.0的JSON-LD · the catalog as DCAT-AP 3.0 in JSON-LD"),
    Form.RDF_XML: ("exportCatalogRdfXml", "目录，DCAT-AP 3.0的RDF/XML · the catalog as DCAT-AP 3.0 in RDF/XML"),
    Form.CSV: ("exportCatalogCsv", "目录，CSV · the catalog as CSV"),
    Form.XLSX: ("exportCatalogWorkbook", "目录，xlsx · the catalog as a workbook"),
}


_OBJECTS = frozenset({Form.JSON, Form.JSON_LD})
"""Forms whose document is a JSON object."""


class ExportAsked(Asked):
    """The same words and facets as a search has; without any, the whole catalog is written."""

    q: Annotated[str, Field(max_length=100, description="用空格隔开的词 · words, apart by blanks")] = ""
    share: _Values = Field(default=[])
    organisation: _Values = Field(default=[])
    level: _Values = Field(default=[])
    domain: _Values = Field(default=[])
    form: _Values = Field(default=[])
    cycle: _Values = Field(default=[])
    grade: _Values = Field(default=[])
    quality: _Values = Field(default=[])
    open: _Values = Field(default=[])
    bound: _Values = Field(default=[])


def _declared(form: Form) -> dict[str, Any]:
    """Return the operation's rule and refusals, its answer being a document of its media type."""
    declared = asks(Permission.CATALOG_ENTRY_VIEW, None, 422)
    content = {MEDIA_TYPES[form]: {"schema": {"type": "object" if form in _OBJECTS else "string"}}}
    answer = {200: {"description": "OK", "content": content}}
    return {**declared, "openapi_extra": {**declared["openapi_extra"], "responses": answer}}


def _export(form: Form) -> Callable[..., HttpResponseBase]:
    def export(request: ApiRequest, asked: Query[ExportAsked]) -> HttpResponseBase:
        """Return published entries as one document, written while it is sent; at most 10,000 of a search."""
        facets = asked.model_dump(exclude={"q"})
        facets["share_attribute"] = facets.pop("share")
        found = searched(request.auth.actor, asked.q, facets)
        base = request.build_absolute_uri("/").rstrip("/")
        made = document(found, form, base=base, publisher=keeper(request.auth.actor), now=request.auth.now)
        return StreamingHttpResponse(made.content, content_type=made.media_type)

    return export


for _form, (_operation, _summary) in _TOLD.items():
    router.get(f"/catalog.{_form}", operation_id=_operation, summary=_summary, **_declared(_form))(_export(_form))
