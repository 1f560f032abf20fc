from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from jutong.center.org import actions, queries
from jutong.center.org.actions.tokens import PREFIX
from jutong.center.org.errors import (
    KeyExistsError,
    KeyRevokedError,
    OrganisationClosedError,
    SystemClosedError,
    SystemExistsError,
    TokenRefusedError,
)
from jutong.center.org.models import ApiToken, InformationSystem
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from jutong.kernel.keys import generate_signer
from tests.center_world import NOW, PLATFORM, City


@pytest.fixture
def system(city: City) -> InformationSystem:
    return actions.register_system(
        organisation=city.education, name=" 义务教育入学系统 ", protection_level=3, by=city["system_admin"], now=NOW
    )


def test_a_system_is_registered_once_with_its_level(city: City, system: InformationSystem):
    assert (system.name, system.protection_level, str(system)) == ("义务教育入学系统", 3, "义务教育入学系统")
    with pytest.raises(SystemExistsError):
        actions.register_system(organisation=city.education, name="义务教育入学系统", by=PLATFORM, now=NOW)
    with pytest.raises(InvalidInputError) as refused:
        actions.register_system(organisation=city.education, name=" ", protection_level=6, by=PLATFORM, now=NOW)
    assert len(refused.value.fields["problems"]) == 2
    with pytest.raises(ForbiddenError):
        actions.register_system(organisation=city.education, name="x", by=city["security_admin"], now=NOW)
    actions.close_organisation(organisation=city.civil, by=PLATFORM, now=NOW)
    city.civil.refresh_from_db()
    with pytest.raises(OrganisationClosedError):
        actions.register_system(organisation=city.civil, name="x", by=PLATFORM, now=NOW)


def test_keys_are_the_security_administrators(city: City, system: InformationSystem):
    signer = generate_signer("enrol")
    with pytest.raises(ForbiddenError):
        actions.add_system_key(
            system=system, key_id=signer.key_id, public_key=signer.public_b64, by=city["system_admin"], now=NOW
        )
    key = actions.add_system_key(
        system=system, key_id=signer.key_id, public_key=signer.public_b64, by=city["security_admin"], now=NOW
    )
    with pytest.raises(KeyExistsError):
        actions.add_system_key(system=system, key_id=signer.key_id, public_key=signer.public_b64, by=PLATFORM, now=NOW)
    assert actions.revoke_system_key(key=key, by=city["security_admin"], now=NOW).revoked_at == NOW
    with pytest.raises(KeyRevokedError):
        actions.revoke_system_key(key=key, by=PLATFORM, now=NOW)
    with pytest.raises(ForbiddenError):
        actions.revoke_system_key(key=key, by=city["steward"], now=NOW)


@pytest.mark.parametrize(
    ("key_id", "public_key", "problems"),
    [("a b", "!", 2), ("good.id", "AAAA", 1), ("good.id", "密钥", 1), ("x", generate_signer("x").public_b64, 1)],
    ids=("blank", "short", "letters", "too-short-an-id"),
)
def test_a_key_has_its_shape(city: City, system: InformationSystem, key_id: str, public_key: str, problems: int):
    with pytest.raises(InvalidInputError) as refused:
        actions.add_system_key(system=system, key_id=key_id, public_key=public_key, by=PLATFORM, now=NOW)
    assert len(refused.value.fields["problems"]) == problems


def test_closing_a_system_revokes_its_keys(city: City, system: InformationSystem):
    signer = generate_signer("enrol")
    key = actions.add_system_key(
        system=system, key_id=signer.key_id, public_key=signer.public_b64, by=PLATFORM, now=NOW
    )
    closed = actions.close_system(system=system, by=city["system_admin"], now=NOW)
    key.refresh_from_db()
    assert key.revoked_at == NOW
    with pytest.raises(SystemClosedError):
        actions.close_system(system=system, by=PLATFORM, now=NOW)
    with pytest.raises(SystemClosedError):
        actions.add_system_key(system=closed, key_id="new.key", public_key=signer.public_b64, by=PLATFORM, now=NOW)
    with pytest.raises(ForbiddenError):
        actions.close_system(system=system, by=city["steward"], now=NOW)


def test_a_department_sees_its_own_systems_and_administrators_all(city: City, system: InformationSystem):
    assert queries.open_systems(city["requester"]) == [system]
    assert queries.open_systems(city["steward"]) == []
    assert queries.open_systems(city["security_admin"]) == [system]
    assert queries.system(city["requester"], str(system.id)) == system
    for who, wanted in (("steward", system.id), ("requester", "nonsense")):
        with pytest.raises(NotFoundError):
            queries.system(city[who], wanted)
    with pytest.raises(ForbiddenError):
        queries.systems(city["auditor"])
    actions.close_system(system=system, by=PLATFORM, now=NOW)
    assert queries.open_systems(city["requester"]) == []


def test_a_token_acts_in_its_post_until_it_expires(city: City):
    raw = actions.issue_token(post=city.post("steward"), by=city["steward"], now=NOW, hours=2)
    assert raw.startswith(PREFIX)
    assert queries.token_actor(raw, NOW) == city["steward"]
    kept = ApiToken.objects.get()
    assert raw not in (kept.digest, str(kept.__dict__))
    assert queries.tokens_of(city["steward"], NOW) == [kept]
    assert queries.tokens_of(PLATFORM, NOW) == []
    with pytest.raises(TokenRefusedError):
        queries.token_actor(raw, NOW + timedelta(hours=2))
    with pytest.raises(TokenRefusedError):
        queries.token_actor("jutong_wrong", NOW)


def test_a_token_is_for_the_own_post_and_short(city: City):
    with pytest.raises(ForbiddenError):
        actions.issue_token(post=city.post("steward"), by=city["security_admin"], now=NOW)
    for hours in (0, 25):
        with pytest.raises(InvalidInputError):
            actions.issue_token(post=city.post("steward"), by=city["steward"], now=NOW, hours=hours)
    raw = actions.issue_token(post=city.post("steward"), by=PLATFORM, now=NOW)
    assert queries.token_actor(raw, NOW).username == "steward"


def test_a_token_of_a_locked_person_is_refused(city: City):
    raw = actions.issue_token(post=city.post("steward"), by=city["steward"], now=NOW)
    city.civil.closed_at = NOW
    city.civil.save()
    with pytest.raises(TokenRefusedError):
        queries.token_actor(raw, NOW)


def test_tokens_are_revoked_by_holder_or_security_administrator(city: City):
    actions.issue_token(post=city.post("steward"), by=city["steward"], now=NOW)
    token = ApiToken.objects.get()
    with pytest.raises(ForbiddenError):
        actions.revoke_token(token=token, by=city["system_admin"], now=NOW)
    actions.revoke_token(token=token, by=city["steward"], now=NOW)
    actions.revoke_token(token=token, by=city["security_admin"], now=NOW + timedelta(hours=1))
    token.refresh_from_db()
    assert token.revoked_at == NOW


def test_the_database_holds_a_tokens_life(city: City):
    with pytest.raises(IntegrityError, match="token_ends_after_start"), transaction.atomic():
        ApiToken.objects.create(post=city.post("steward"), digest="d", created_at=NOW, expires_at=NOW)
