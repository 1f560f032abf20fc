from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("node/v1/", include("jutong.api.nodes")),
    path("v1/", include("jutong.api.app")),
]
