"""Every address of the center: pages, API, the nodes' door."""

from __future__ import annotations

from django.urls import include, path

handler400 = "jutong.web.problems.bad_request"
handler403 = "jutong.web.problems.denied"
handler404 = "jutong.web.problems.not_found"
handler500 = "jutong.web.problems.failed"
urlpatterns = [
    path("api/", include("jutong.api.urls")),
    path("", include("jutong.web.urls")),
]
