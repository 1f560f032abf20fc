from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from jutong.center.catalog import actions, queries
from jutong.center.catalog.errors import (
    BindingInUseError,
    ColumnsUnknownError,
    ItemsUnmappedError,
    NotBoundError,
    NotPublishedError,
    TableUnknownError,
)
from jutong.center.catalog.models import Binding, Entry
from jutong.center.org import actions as org
from jutong.center.sharing.enums import ApplicationState, GrantState
from jutong.center.sharing.models import Application, Grant
from jutong.kernel.errors import ForbiddenError, NotFoundError
from tests.center_world import NOW, PLATFORM, City, at
from tests.unguarded import unguarded

COLUMNS = {"公民身份号码": "id_number", "婚姻状况": "marital"}


@pytest.fixture
def entry(city: City) -> Entry:
    city.source()
    return city.published().entry


def bind(city: City, entry: Entry, **changes: Any) -> Binding:
    words = {
        "entry": entry, "source": "civil-pg", "schema_name": "public", "table": "marriage", "columns": COLUMNS,
        "by": city["steward"], "now": NOW,
    }  # fmt: skip
    return actions.bind(**{**words, **changes})


def test_an_entry_is_bound_to_a_table_the_node_reported(city: City, entry: Entry):
    binding = bind(city, entry)
    assert (binding.columns, binding.row_estimate) == (COLUMNS, 1200)
    kept = queries.published_entry(city["requester"], entry.code)
    assert kept.is_bound
    assert queries.open_binding(kept) == binding


def test_binding_again_ends_the_former_binding(city: City, entry: Entry):
    first = bind(city, entry)
    second = bind(city, entry, columns={"公民身份号码": "id_number"}, by=PLATFORM, now=at(1))
    first.refresh_from_db()
    assert first.ended_at == at(1)
    assert queries.open_binding(queries.published_entry(city["requester"], entry.code)) == second


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"table": "divorce"}, TableUnknownError),
        ({"schema_name": ""}, TableUnknownError),
        ({"columns": {"公民身份号码": "id"}}, ColumnsUnknownError),
        ({"columns": {}}, ItemsUnmappedError),
        ({"columns": {"婚姻状况": "marital"}}, ItemsUnmappedError),
        ({"columns": {**COLUMNS, "住址": "name"}}, ItemsUnmappedError),
        ({"source": "nowhere"}, NotFoundError),
    ],
)
def test_what_the_inventory_does_not_show_is_refused(city: City, entry: Entry, changes: dict[str, object], kind):
    with pytest.raises(kind):
        bind(city, entry, **changes)
    assert not Binding.objects.exists()


def test_binding_is_the_own_departments(city: City, entry: Entry):
    city.source("education-pg", city.education)
    with pytest.raises(NotFoundError):
        bind(city, entry, by=city["stranger"])
    with pytest.raises(NotFoundError):
        bind(city, entry, source="education-pg")
    with pytest.raises(ForbiddenError):
        bind(city, entry, by=city["requester"])


def test_a_draft_is_not_bound(city: City):
    city.source()
    with pytest.raises(NotPublishedError):
        bind(city, city.draft().entry)


def test_a_binding_ends_once(city: City, entry: Entry):
    bind(city, entry)
    ended = actions.unbind(entry=entry, by=city["steward"], now=at(1))
    assert ended.ended_at == at(1)
    assert not queries.published_entry(city["requester"], entry.code).is_bound
    with pytest.raises(NotBoundError):
        actions.unbind(entry=entry, by=city["steward"], now=at(2))


def grant(city: City, entry: Entry, state: GrantState) -> Grant:
    system = org.register_system(organisation=city.education, name="入学系统", by=PLATFORM, now=NOW)
    with unguarded("sharing.Application", "sharing.Grant"):
        application = Application.objects.create(
            number="A1", entry=entry, version=entry.versions.get(), share_attribute="conditional", title="入学",
            requester=city.education, provider=city.civil, system=system, state=ApplicationState.SHARING,
            created_at=NOW,
        )  # fmt: skip
        return Grant.objects.create(
            number="G1", application=application, entry=entry, requester=city.education, provider=city.civil,
            system=system, state=state, purpose="入学", daily_quota=10, valid_from=NOW,
            valid_until=NOW + timedelta(days=30), issued_at=NOW,
        )  # fmt: skip


@pytest.mark.parametrize("state", [GrantState.ORDERED, GrantState.ACTIVE, GrantState.SUSPENDED])
def test_a_binding_under_a_running_grant_stays(city: City, entry: Entry, state: GrantState):
    bind(city, entry)
    held = grant(city, entry, state)
    with pytest.raises(BindingInUseError):
        actions.unbind(entry=entry, by=city["steward"], now=at(1))
    with unguarded("sharing.Grant"):
        held.state = GrantState.REVOKED
        held.save()
    actions.unbind(entry=entry, by=city["steward"], now=at(1))


def test_the_database_keeps_one_open_binding(city: City, entry: Entry):
    bind(city, entry)
    with pytest.raises(IntegrityError, match="one_open_binding_per_entry"), transaction.atomic():
        Binding.objects.create(entry=entry, source="x", table="x", bound_at=NOW)
