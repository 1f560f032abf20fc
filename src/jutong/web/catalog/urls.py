from __future__ import annotations

from django.urls import path

from jutong.web.catalog import entry, export, search
from jutong.web.manage import life

urlpatterns = [
    path("catalog", search.listing),
    path("catalog/export", export.listing),
    path("catalog/<path:code>/export.<str:ending>", export.entry),
    path("catalog/<path:code>/versions", life.versions),
    path("catalog/<path:code>/used", entry.used),
    path("catalog/<path:code>", entry.detail),
]
