"""Every address of the center: pages, API, the nodes' door."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("api/", include("jutong.api.urls")),
    path("", include("jutong.web.urls")),
]
