from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyshacl
import pytest
from rdflib import DCAT, DCTERMS, RDF, Graph, URIRef

from jutong.center.catalog.out import About, Syntax, to_dcat, to_graph
from tests.unit.center.catalog.out.conftest import RECORD

SHAPES = Path(__file__).parents[4] / "data" / "dcat-ap-3.0.0-SHACL.ttl"
ABOUT = About("https://data.example", "政务数据目录", "各部门的目录", "金河市数据局")
# rdflib's own reader of JSON-LD makes an object that rdflib deprecates
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
PARSED_AS = {Syntax.TURTLE: "turtle", Syntax.JSON_LD: "json-ld", Syntax.RDF_XML: "xml"}


def test_the_graph_passes_the_published_shapes(written):
    conforms, _, told = pyshacl.validate(
        to_graph(written, ABOUT), shacl_graph=Graph().parse(SHAPES), inference="rdfs", advanced=True
    )
    assert conforms, told


def test_the_shapes_would_notice_a_missing_title(written):
    graph = to_graph(written, ABOUT)
    graph.remove((URIRef("https://data.example/catalog/307010/00001"), DCTERMS.title, None))
    conforms, _, told = pyshacl.validate(graph, shacl_graph=Graph().parse(SHAPES), inference="rdfs", advanced=True)
    assert not conforms
    assert "title" in told


@pytest.mark.parametrize("syntax", list(Syntax))
def test_every_syntax_says_the_same_whatever_its_size(syntax: Syntax):
    many = [replace(RECORD, code=f"307010/{at:05d}") for at in range(1, 302)]
    written = b"".join(to_dcat(many, ABOUT, syntax))
    read = Graph().parse(data=written, format=PARSED_AS[syntax])
    assert set(read) == set(to_graph(many, ABOUT))
    assert len(set(read.subjects(RDF.type, DCAT.Dataset))) == 301


@pytest.mark.parametrize("syntax", list(Syntax))
def test_what_a_syntax_cannot_hold_breaks_nothing(syntax: Syntax):
    odd = replace(RECORD, name='甲"<&>\\\n乙\ud800\x01', domain="a b\x00/”>", summary="''", organisation_name="]]>")
    read = Graph().parse(data=b"".join(to_dcat([odd], ABOUT, syntax)), format=PARSED_AS[syntax])
    assert {str(title) for title in read.objects(None, DCTERMS.title)} == {"政务数据目录", '甲"<&>\\\n乙'}
    assert set(read) == set(to_graph([odd], ABOUT))


@pytest.mark.parametrize("syntax", list(Syntax))
def test_an_empty_catalog_is_still_a_catalog(syntax: Syntax):
    read = Graph().parse(data=b"".join(to_dcat([], ABOUT, syntax)), format=PARSED_AS[syntax])
    assert list(read.subjects(RDF.type, DCAT.Catalog)) == [URIRef("https://data.example/catalog")]


def test_who_may_see_it_follows_from_opening_and_sharing(written):
    graph = to_graph(written, ABOUT)
    access = {
        str(dataset).rpartition("/")[2]: str(right).rpartition("/")[2]
        for dataset, right in graph.subject_objects(DCTERMS.accessRights)
    }
    assert access == {"00001": "RESTRICTED", "00004": "NON_PUBLIC", "00005": "PUBLIC"}


def test_only_data_that_is_really_there_has_a_distribution(written):
    graph = to_graph(written, ABOUT)
    assert {str(row).rpartition("/")[2] for row in graph.subjects(DCAT.distribution)} == {"00001", "00005"}
