"""Every write on organisations, people, posts, systems and tokens."""

from jutong.center.org.actions.people import (
    change_password,
    create_user,
    reset_password,
    set_active,
)
from jutong.center.org.actions.posts import appoint, end_post
from jutong.center.org.actions.register import (
    close_organisation,
    create_division,
    create_organisation,
    load_divisions,
)
from jutong.center.org.actions.sessions import record_refused_sign_in, record_sign_in, record_sign_out
from jutong.center.org.actions.systems import (
    add_system_key,
    close_system,
    register_system,
    revoke_system_key,
)
from jutong.center.org.actions.tokens import issue_token, revoke_token

__all__ = [
    "add_system_key",
    "appoint",
    "change_password",
    "close_organisation",
    "close_system",
    "create_division",
    "create_organisation",
    "create_user",
    "end_post",
    "issue_token",
    "load_divisions",
    "record_refused_sign_in",
    "record_sign_in",
    "record_sign_out",
    "register_system",
    "reset_password",
    "revoke_system_key",
    "revoke_token",
    "set_active",
]
