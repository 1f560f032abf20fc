"""Random, odd and hostile calls: whatever comes in, the API answers as its description says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import schemathesis
from django.conf import settings as django
from django.core.signals import request_finished, request_started
from django.db import close_old_connections, transaction
from django.test import override_settings
from hypothesis import HealthCheck, Phase, settings
from schemathesis import Case
from schemathesis.config import SchemathesisConfig

from jutong.center.wsgi import application
from tests.fuzz.city import FuzzCity, build

pytestmark = [pytest.mark.fuzz, pytest.mark.django_db]
EXAMPLES = 4
MOST_CALLS = 150
"""An operation whose body is a tree of unions would otherwise be called thousands of times; of either mode so many."""

CALLS: Counter[tuple[str, str]] = Counter()
STATUSES: dict[str, set[int]] = {}
"""What each operation answered in this run."""
UNREACHED = {"POST /api/v1/tokens"}
"""Nobody guesses a password."""
CONFIG: dict[str, Any] = {
    "generation": {"allow-x00": True, "deterministic": True, "with-security-parameters": False},
    "checks": {
        # A body of the right shape may still break a rule of the law (422) or name a cursor nobody handed out (400).
        "positive_data_acceptance": {
            "expected-statuses": ["2xx", "400", "401", "403", "404", "409", "422", "429"],
        },
    },
}


def served(environ: dict[str, Any], start_response: Any) -> Any:
    """Call the platform as its server does, which always names the caller's address."""
    return application({"REMOTE_ADDR": "127.0.0.1", **environ}, start_response)


schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", served, config=SchemathesisConfig.from_dict(CONFIG))


@pytest.fixture
def _django_db_helper() -> None:
    """Open no transaction for each test, as pytest-django would: the city below holds one for all of them."""


@pytest.fixture(scope="module")
def fuzz_city(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[FuzzCity]:
    """One city for all calls; each call is taken back, on the one connection that holds the city."""
    changed = {
        "PASSWORD_HASHERS": ["django.contrib.auth.hashers.MD5PasswordHasher"],
        "JUTONG": replace(django.JUTONG, home=tmp_path_factory.mktemp("home")),  # files brought in are kept there
    }
    with (
        django_db_blocker.unblock(),
        override_settings(**changed),
        transaction.atomic(),
    ):
        city = build()
        for signal in (request_started, request_finished):
            signal.disconnect(close_old_connections)  # after building, because Django's test client connects it again
        yield city
        transaction.set_rollback(True)
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def steer(case: Case[Any], city: FuzzCity) -> dict[str, str]:
    """Point a call at the thing its operation is about, and return the headers of somebody who may make it."""
    definition = case.operation.definition.raw
    name = definition["operationId"]
    mode = case.meta.generation.mode if case.meta else None
    if mode is None or mode.is_positive:
        case.path_parameters = dict(city.addresses.get(name) or case.path_parameters)
        case.query = dict(city.queries.get(name) or case.query)
        if isinstance(case.body, dict) and case.body:
            case.body = {**case.body, **city.bodies.get(name, {})}
    rule = definition["x-permission"]
    return {} if rule == "public" else {"Authorization": f"Bearer {city.token(rule)}"}


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
def test_every_operation_answers_as_described(case: Case[Any], fuzz_city: FuzzCity) -> None:
    kind = (case.operation.label, str(case.meta.generation.mode) if case.meta else "")
    CALLS[kind] += 1
    if CALLS[kind] > MOST_CALLS:
        return
    headers = steer(case, fuzz_city)
    with transaction.atomic():
        answer = case.call_and_validate(headers=headers)
        STATUSES.setdefault(case.operation.label, set()).add(answer.status_code)
        transaction.set_rollback(True)


def test_the_calls_reached_what_the_operations_do() -> None:
    if len(STATUSES) < sum(1 for _ in schema.get_all_operations()):
        pytest.skip("only some of the operations were called")
    refused_only = {label for label, found in STATUSES.items() if min(found) >= 300}
    assert refused_only <= UNREACHED, {label: STATUSES[label] for label in refused_only}
