from __future__ import annotations

import pytest
from django.contrib.auth import authenticate
from django.db import IntegrityError, transaction

from jutong.center.audit.queries import of_subject
from jutong.center.org import actions, queries
from jutong.center.org.enums import Role
from jutong.center.org.errors import (
    AdministratorsExclusiveError,
    AuthorityPostError,
    HeadsExclusiveError,
    OrganisationClosedError,
    PasswordWrongError,
    PostEndedError,
    PostExistsError,
    TokenRefusedError,
    UsernameTakenError,
)
from jutong.center.org.models import Post, User
from jutong.center.org.permissions import THREE_ADMINISTRATORS
from jutong.kernel.errors import ForbiddenError, InvalidInputError, NotFoundError
from tests.center_world import NOW, PASSWORD, PLATFORM, City, at, person

OTHER = "another-Secret-77"


def test_a_new_account_can_do_nothing_and_must_change_its_password(city: City):
    user = actions.create_user(username="new.one", name=" 新人 ", password=PASSWORD, by=city["system_admin"], now=NOW)
    assert (user.name, user.must_change_password) == ("新人", True)
    assert queries.posts_of(user) == []
    assert str(user) == "新人"
    assert [row.event for row in of_subject("user", "new.one")] == ["org:user:create"]


def test_accounts_and_posts_are_given_by_different_hands(city: City):
    with pytest.raises(ForbiddenError):
        actions.create_user(username="new", name="新人", password=PASSWORD, by=city["security_admin"], now=NOW)
    user = person("new-one", "新人")
    with pytest.raises(ForbiddenError):
        actions.appoint(user=user, organisation=city.civil, role=Role.STEWARD, by=city["system_admin"], now=NOW)
    post = actions.appoint(user=user, organisation=city.civil, role=Role.STEWARD, by=city["security_admin"], now=NOW)
    assert queries.posts_of(user) == [post]


@pytest.mark.parametrize(
    ("username", "name", "password", "problems"),
    [
        ("AB", " ", PASSWORD, 2),
        ("good-name", "新人", "kurz-7", 1),
        ("good-name", "新人", "1234567890123", 2),
        ("good-name", "新人", "good-name-1", 1),
        ("名字", "新人", PASSWORD, 1),
    ],
)
def test_bad_names_and_weak_passwords_are_refused(city: City, username: str, name: str, password: str, problems: int):
    with pytest.raises(InvalidInputError) as refused:
        actions.create_user(username=username, name=name, password=password, by=PLATFORM, now=NOW)
    assert len(refused.value.fields["problems"]) == problems
    assert password not in str(refused.value)
    assert not User.objects.filter(username=username).exists()


def test_a_weak_password_is_explained_in_words_people_know(city: City):
    with pytest.raises(InvalidInputError) as refused:
        actions.create_user(username="emergency", name="应急", password="Emergency-pass-9", by=PLATFORM, now=NOW)
    assert "用户名" in refused.value.explain()


def test_a_user_name_belongs_to_one_person(city: City):
    with pytest.raises(UsernameTakenError):
        person("steward", "别人")


@pytest.mark.parametrize("first", sorted(THREE_ADMINISTRATORS))
@pytest.mark.parametrize("second", sorted(THREE_ADMINISTRATORS))
def test_nobody_holds_two_administrators_posts_anywhere(city: City, first: str, second: str):
    user = person("new-one", "新人")
    actions.appoint(user=user, organisation=city.bigdata, role=first, by=PLATFORM, now=NOW)
    with pytest.raises(AdministratorsExclusiveError) as refused:
        actions.appoint(user=user, organisation=city.civil, role=second, by=PLATFORM, now=NOW)
    assert str(Role(first).label) in refused.value.explain()
    with pytest.raises(IntegrityError, match="one_administrator_post"), transaction.atomic():
        Post.objects.create(user=user, organisation=city.civil, role=second, valid_from=NOW)


def test_an_administrator_may_follow_on_another_after_the_first_ended(city: City):
    actions.end_post(post=city.post("auditor"), by=PLATFORM, now=NOW)
    post = actions.appoint(
        user=city.user("auditor"), organisation=city.bigdata, role=Role.SECURITY_ADMIN, by=PLATFORM, now=NOW
    )
    assert queries.actor_for(post).role == Role.SECURITY_ADMIN


def test_the_two_heads_of_a_department_are_two_people(city: City):
    with pytest.raises(HeadsExclusiveError) as refused:
        actions.appoint(
            user=city.user("office_head"), organisation=city.civil, role=Role.DEPARTMENT_HEAD, by=PLATFORM, now=NOW
        )
    assert "工作机构负责人" in refused.value.explain()
    actions.appoint(
        user=city.user("office_head"), organisation=city.education, role=Role.DEPARTMENT_HEAD, by=PLATFORM, now=NOW
    )
    with pytest.raises(IntegrityError, match="one_head_post"), transaction.atomic():
        Post.objects.create(
            user=city.user("office_head"), organisation=city.civil, role=Role.DEPARTMENT_HEAD, valid_from=NOW
        )


def test_a_post_is_given_once_and_reviewers_sit_at_the_authority(city: City):
    with pytest.raises(PostExistsError):
        actions.appoint(user=city.user("steward"), organisation=city.civil, role=Role.STEWARD, by=PLATFORM, now=NOW)
    with pytest.raises(AuthorityPostError):
        actions.appoint(user=city.user("steward"), organisation=city.civil, role=Role.AUTHORITY, by=PLATFORM, now=NOW)
    actions.close_organisation(organisation=city.education, by=PLATFORM, now=NOW)
    city.education.refresh_from_db()
    with pytest.raises(OrganisationClosedError):
        actions.appoint(user=city.user("steward"), organisation=city.education, role=Role.STEWARD, by=PLATFORM, now=NOW)


def test_ending_a_post_ends_its_tokens(city: City):
    post = city.post("steward")
    token = actions.issue_token(post=post, by=city["steward"], now=NOW)
    with pytest.raises(ForbiddenError):
        actions.end_post(post=post, by=city["system_admin"], now=NOW)
    ended = actions.end_post(post=post, by=city["security_admin"], now=at(1))
    assert ended.ended_at == at(1)
    with pytest.raises(TokenRefusedError):
        queries.token_actor(token, at(0.1))
    with pytest.raises(PostEndedError):
        actions.end_post(post=post, by=PLATFORM, now=at(2))
    assert queries.posts_of(city.user("steward")) == []


def test_a_person_changes_the_own_password(city: City):
    user = city.user("steward")
    token = actions.issue_token(post=city.post("steward"), by=city["steward"], now=NOW)
    with pytest.raises(PasswordWrongError):
        actions.change_password(user=user, old="wrong", new=OTHER, by=city["steward"], now=NOW)
    with pytest.raises(InvalidInputError):
        actions.change_password(user=user, old=PASSWORD, new="short", by=city["steward"], now=NOW)
    with pytest.raises(ForbiddenError):
        actions.change_password(user=user, old=PASSWORD, new=OTHER, by=city["security_admin"], now=NOW)
    actions.change_password(user=user, old=PASSWORD, new=OTHER, by=city["steward"], now=NOW)
    user.refresh_from_db()
    assert user.check_password(OTHER)
    assert not user.must_change_password
    with pytest.raises(TokenRefusedError):
        queries.token_actor(token, NOW)


def test_the_security_administrator_gives_a_first_password(city: City):
    user = city.user("steward")
    with pytest.raises(ForbiddenError):
        actions.reset_password(user=user, password=OTHER, by=city["system_admin"], now=NOW)
    with pytest.raises(InvalidInputError):
        actions.reset_password(user=user, password="1", by=city["security_admin"], now=NOW)
    before = user.get_session_auth_hash()
    actions.reset_password(user=user, password=OTHER, by=city["security_admin"], now=NOW)
    user.refresh_from_db()
    assert user.check_password(OTHER)
    assert user.must_change_password
    assert user.get_session_auth_hash() != before


def test_a_locked_account_signs_in_nowhere(city: City, rf):
    token = actions.issue_token(post=city.post("steward"), by=city["steward"], now=NOW)
    with pytest.raises(ForbiddenError):
        actions.set_active(user=city.user("steward"), active=False, by=city["system_admin"], now=NOW)
    actions.set_active(user=city.user("steward"), active=False, by=city["security_admin"], now=NOW)
    assert authenticate(rf.post("/login"), username="steward", password=PASSWORD) is None
    assert queries.posts_of(city.user("steward")) == []
    with pytest.raises(PostEndedError):
        queries.actor_for(city.post("steward"))
    actions.set_active(user=city.user("steward"), active=True, by=city["security_admin"], now=NOW)
    assert queries.actor_for(city.post("steward")).name == "王建国"
    with pytest.raises(TokenRefusedError):
        queries.token_actor(token, NOW)
    events = [row.event for row in of_subject("user", "steward")]
    assert events[-2:] == ["org:user:lock", "org:user:unlock"]


def test_administrators_see_people_and_their_posts(city: City):
    found = queries.user(city["security_admin"], "steward")
    assert [post.role for post in found.open_posts] == [Role.STEWARD]  # type: ignore[attr-defined]
    assert queries.users(city["system_admin"]).count() == 11
    with pytest.raises(NotFoundError):
        queries.user(city["security_admin"], "nobody")
    with pytest.raises(ForbiddenError):
        queries.users(city["steward"])


def test_a_post_is_seen_by_its_holder_and_the_administrators(city: City):
    post = city.post("steward")
    assert queries.post(city["steward"], str(post.id)) == post
    assert queries.post(city["security_admin"], post.id) == post
    for who, wanted in (("requester", post.id), ("security_admin", "nonsense")):
        with pytest.raises(NotFoundError):
            queries.post(city[who], wanted)
