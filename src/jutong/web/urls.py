"""Addresses of the pages. Each area keeps its own list in ``jutong.web.<area>.urls``."""

from __future__ import annotations

from typing import Any

from allauth.account import views as account
from allauth.mfa.base import views as factor
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.socialaccount import views as social
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from jutong.web import entrance, unified
from jutong.web.door import public, signed_in


@public
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


def unified_patterns(*, oidc_server: str) -> list[Any]:
    """Return the addresses of 政务统一身份认证; none while it is off."""
    if not oidc_server:
        return []
    return [
        path("account/unified/cancelled", public(social.login_cancelled), name="socialaccount_login_cancelled"),
        path("account/unified/error", public(social.login_error), name="socialaccount_login_error"),
        path("account/unified/signup", public(social.signup), name="socialaccount_signup"),
        path("account/unified/accounts", signed_in(social.connections), name="socialaccount_connections"),
        path("account/oidc/<str:provider_id>/login", public(unified.login), name="openid_connect_login"),
        path("account/oidc/<str:provider_id>/callback", public(unified.callback), name="openid_connect_callback"),
    ]


urlpatterns = [
    path("healthz", healthz),
    path("login", public(account.login), name="account_login"),
    path("logout", public(account.logout), name="account_logout"),
    path("account/inactive", public(account.account_inactive), name="account_inactive"),
    path("account/signup", public(account.signup), name="account_signup"),
    path("account/confirm", signed_in(account.reauthenticate), name="account_reauthenticate"),
    path("account/password", signed_in(entrance.password), name="account_change_password"),
    path("settings", signed_in(factor.index), name="mfa_index"),
    path("account/2fa/authenticate", public(factor.authenticate), name="mfa_authenticate"),
    path("account/2fa/confirm", signed_in(factor.reauthenticate), name="mfa_reauthenticate"),
    path("account/2fa/totp/activate", signed_in(totp.activate_totp), name="mfa_activate_totp"),
    path("account/2fa/totp/deactivate", signed_in(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("account/2fa/codes", signed_in(codes.view_recovery_codes), name="mfa_view_recovery_codes"),
    path("account/2fa/codes/generate", signed_in(codes.generate_recovery_codes), name="mfa_generate_recovery_codes"),
    *unified_patterns(oidc_server=settings.JUTONG.oidc_server),
    path("", include("jutong.web.desk.urls")),
    # before the catalogue, whose codes may hold slashes
    path("", include("jutong.web.sharing.urls")),
    path("", include("jutong.web.remedy.urls")),
    path("", include("jutong.web.agreements.urls")),
    path("", include("jutong.web.lineage.urls")),
    path("", include("jutong.web.catalog.urls")),
    path("", include("jutong.web.fusion.urls")),
    path("", include("jutong.web.correction.urls")),
    path("", include("jutong.web.citizen.urls")),
    path("", include("jutong.web.intake.urls")),
    path("", include("jutong.web.sources.urls")),
    path("", include("jutong.web.manage.urls")),
    path("", include("jutong.web.demand.urls")),
    path("", include("jutong.web.dispute.urls")),
    path("", include("jutong.web.returns.urls")),
    path("", include("jutong.web.ownership.urls")),
    path("", include("jutong.web.norms.urls")),
    path("", include("jutong.web.open.urls")),
    path("", include("jutong.web.jobs.urls")),
    path("", include("jutong.web.care.urls")),
    path("", include("jutong.web.library.urls")),
    path("", include("jutong.web.quality.urls")),
    path("", include("jutong.web.usage.urls")),
    path("", include("jutong.web.clocks.urls")),
    path("", include("jutong.web.supervision.urls")),
    path("", include("jutong.web.notify.urls")),
    path("admin/", include("jutong.web.admin.urls")),
]
