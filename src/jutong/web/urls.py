"""Addresses of the pages. Each area keeps its own list in ``jutong.web.<area>.urls``."""

from __future__ import annotations

from allauth.account import views as account
from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from django.views.generic import RedirectView

from jutong.web.door import public


@public
def healthz(request: HttpRequest) -> HttpResponse:
    """Say that the process answers."""
    return HttpResponse("ok\n", content_type="text/plain")


urlpatterns = [
    path("healthz", healthz),
    path("login", account.login, name="account_login"),
    path("logout", account.logout, name="account_logout"),
    path("account/inactive", account.account_inactive, name="account_inactive"),
    path("account/signup", account.signup, name="account_signup"),
    path("account/confirm", account.reauthenticate, name="account_reauthenticate"),
    path("account/password", account.password_change, name="account_change_password"),
    path("account/2fa/", include("allauth.mfa.urls")),
    path("account/oidc/", include("allauth.socialaccount.providers.openid_connect.urls")),
    path("account/", include("allauth.socialaccount.urls")),
    path("settings", RedirectView.as_view(pattern_name="mfa_index")),
    path("", include("jutong.web.desk.urls")),
    # before the catalogue, whose codes may hold slashes
    path("", include("jutong.web.sharing.urls")),
    path("", include("jutong.web.catalog.urls")),
    path("", include("jutong.web.usage.urls")),
    path("admin/", include("jutong.web.admin.urls")),
]
