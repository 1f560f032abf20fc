"""Two people at once: the database decides, one of them gets an error with a name, and no number is lost."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection, transaction

from jutong.center.catalog import actions
from jutong.center.catalog.codes import allocate
from jutong.center.catalog.errors import OpenVersionExistsError, StepNotAllowedError
from jutong.center.catalog.models import CodeCounter, EntryVersion
from jutong.center.clocks import actions as clocks
from jutong.center.org import actions as org
from jutong.center.org.enums import Role
from jutong.center.org.errors import AdministratorsExclusiveError
from jutong.center.org.models import Post
from jutong.kernel.errors import JutongError
from jutong.standards.resource_code import ResourceCodeError
from tests.center_world import NOW, PLATFORM, City, at, build, person

WORKERS = 6


@pytest.fixture
def city(transactional_db, settings) -> City:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    return build()


def together(*works: Callable[[], object]) -> list[object]:
    """Run works at the same moment, each on its own connection; errors come back as results."""
    barrier = Barrier(len(works))

    def run(work: Callable[[], object]) -> object:
        try:
            barrier.wait(timeout=30)
            return work()
        except JutongError as error:
            return error
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def test_codes_have_no_gap_and_no_twin_even_when_transactions_fail(city: City):
    def take(number: int) -> list[str]:
        taken: list[str] = []
        for round_ in range(8):
            failed = (number + round_) % 4 == 0
            with transaction.atomic():
                codes = allocate("307010", 1 + round_ % 3)
                transaction.set_rollback(failed)
            taken += [] if failed else codes
        return taken

    results = together(*[lambda number=number: take(number) for number in range(WORKERS)])
    codes = [code for result in results for code in result]  # type: ignore[attr-defined]
    assert sorted(codes) == [f"307010/{number:05d}" for number in range(1, len(codes) + 1)]
    assert CodeCounter.objects.get().last == len(codes)


def test_a_classification_of_another_shape_takes_no_number(city: City):
    with pytest.raises(ResourceCodeError), transaction.atomic():
        allocate("9")
    assert not CodeCounter.objects.exists()


def test_of_two_new_versions_at_once_one_is_made(city: City):
    entry = city.published().entry
    results = together(*[lambda: actions.new_version(entry=entry, by=city["steward"], now=NOW) for _ in range(2)])
    assert [type(result) for result in results if isinstance(result, JutongError)] == [OpenVersionExistsError]
    assert EntryVersion.objects.filter(state="draft").count() == 1


def test_of_two_decisions_at_once_one_holds(city: City):
    version = city.submit(city.draft())
    results = together(
        lambda: actions.publish(version=version, by=city["authority"], now=NOW),
        lambda: actions.return_version(version=version, reason="请补充", by=city["authority"], now=NOW),
    )
    refused = [result for result in results if isinstance(result, JutongError)]
    assert [type(result) for result in refused] == [StepNotAllowedError]
    version.refresh_from_db()
    assert version.state in {"published", "returned"}


def test_nobody_becomes_two_administrators_at_once(city: City):
    user = person("new-one", "新人")
    roles = (Role.SYSTEM_ADMIN, Role.SECURITY_ADMIN, Role.AUDITOR)
    results = together(
        *[
            lambda role=role: org.appoint(user=user, organisation=city.bigdata, role=role, by=PLATFORM, now=NOW)
            for role in roles
        ]
    )
    refused = [type(result) for result in results if isinstance(result, JutongError)]
    assert refused == [AdministratorsExclusiveError] * 2
    assert Post.objects.filter(user=user).count() == 1


def test_two_scans_at_once_find_each_breach_once(city: City):
    for number in range(20):
        clocks.start(
            period="SLA-REP-C", subject_kind="application", subject_id=number, subject_label="x",
            organisation=city.civil, by=PLATFORM, now=NOW,
        )  # fmt: skip
    results = together(*[lambda: clocks.scan_breaches(by=PLATFORM, now=at(30)) for _ in range(3)])
    found = [clock.subject_id for result in results for clock in result]  # type: ignore[attr-defined]
    assert sorted(found, key=int) == [str(number) for number in range(20)]
