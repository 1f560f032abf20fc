from __future__ import annotations

from typing import Any

import pytest

from jutong.center.audit.models import AuditEvent
from jutong.center.catalog.actions.binding import bind, bind_place
from jutong.center.catalog.enums import BindingKind, ChangeKind
from jutong.center.catalog.errors import ColumnsUnknownError, NotPublishedError, SourceUnfitError
from jutong.center.catalog.models import Binding, Entry, EntryChange
from jutong.center.fleet.models import Source
from jutong.contracts.orders import Place
from jutong.contracts.places import PlaceError
from jutong.kernel.errors import ForbiddenError, NotFoundError
from tests.center_world import NOW, City, at

SERVICE = Place(protocol="http", address="10.0.0.5:8080", path="/health")


@pytest.fixture
def entry(city: City) -> Entry:
    city.source()
    for name, dialect in (("civil-files", "files"), ("civil-doors", "endpoints")):
        Source.objects.filter(id=city.source(name).id).update(dialect=dialect, tables=[])
    return city.published().entry


def put(city: City, entry: Entry, place: Place = SERVICE, kind: str = "service", **changes: object) -> Binding:
    words: dict[str, Any] = {
        "entry": entry,
        "kind": kind,
        "source": "civil-doors",
        "place": place,
        "by": city["steward"],
        "now": NOW,
    }
    return bind_place(**{**words, **changes})


@pytest.mark.parametrize(
    "given",
    [
        ("files", "civil-files", Place(protocol="file", address="", path="reports"), "reports"),
        ("files", "civil-files", Place(protocol="file", address=""), "/"),
        ("service", "civil-doors", SERVICE, "10.0.0.5:8080/health"),
        ("stream", "civil-doors", Place(protocol="kafka", address="mq:9092", path="topic"), "mq:9092/topic"),
        ("video", "civil-doors", Place(protocol="rtsp", address="cam", path="live", channel="c1"), "cam/live c1"),
    ],
)
def test_every_kind_is_bound_with_its_place(city: City, entry: Entry, given: tuple[str, str, Place, str]):
    kind, source, place, where = given
    made = put(city, entry, place, kind, source=source)
    kept = Binding.objects.get(entry=entry, ended_at=None)
    assert (made, kept.kind, kept.where, kept.is_table) == (kept, kind, where, False)
    assert Place(**kept.place) == place
    entry.refresh_from_db()
    assert entry.is_bound
    assert EntryChange.objects.filter(entry=entry).latest("sequence").kind == ChangeKind.BOUND
    event = AuditEvent.objects.get(event="catalog:entry:bind")
    assert event.details["kind"] == kind


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"source": "civil-pg"}, SourceUnfitError),
        ({"source": "civil-files"}, SourceUnfitError),
        ({"kind": "files", "place": Place(protocol="file", address="", path="x")}, SourceUnfitError),
        ({"source": "nowhere"}, NotFoundError),
        ({"place": Place(protocol="http", address="u:p@h")}, PlaceError),
        ({"kind": BindingKind.TABLE}, PlaceError),
        ({"kind": "video"}, PlaceError),
    ],
)
def test_what_cannot_be_bound_is_refused_and_changes_nothing(city: City, entry: Entry, changes, problem: type):
    with pytest.raises(problem):
        put(city, entry, **changes)
    assert not Binding.objects.exists()


def test_only_the_own_department_binds_what_is_published(city: City, entry: Entry):
    with pytest.raises(ForbiddenError):
        put(city, entry, by=city["requester"])
    with pytest.raises(NotFoundError):
        put(city, entry, by=city["stranger"])
    with pytest.raises(NotPublishedError):
        put(city, city.draft(name="收养登记信息").entry)


def test_a_place_takes_over_from_a_table(city: City, entry: Entry):
    words: dict[str, Any] = {
        "entry": entry,
        "source": "civil-pg",
        "schema_name": "public",
        "table": "marriage",
        "by": city["steward"],
    }
    columns = {"公民身份号码": "id_number"}
    table = bind(**words, columns=columns, fresh_column="name", now=NOW)
    assert (table.fresh_column, table.where, table.is_table) == ("name", "public.marriage", True)
    with pytest.raises(ColumnsUnknownError):
        bind(**words, columns=columns, fresh_column="changed_at", now=NOW)
    put(city, entry, now=at(1))
    table.refresh_from_db()
    assert table.ended_at == at(1)
    table.schema_name = ""
    assert table.where == "marriage"
