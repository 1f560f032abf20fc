from __future__ import annotations

from django.urls import path

from jutong.web.catalog import entry, export, search
from jutong.web.manage import life

urlpatterns = [
    path("catalog", search.listing),
    path("catalog/suggest", search.suggest),
    path("catalog/saved", search.saved),
    path("catalog/saved/new", search.save),
    path("catalog/saved/<str:search_id>/drop", search.drop),
    path("catalog/export", export.listing),
    path("catalog/<path:code>/export.<str:ending>", export.entry),
    path("catalog/<path:code>/versions", life.versions),
    path("catalog/<path:code>/used", entry.used),
    path("catalog/<path:code>", entry.detail),
]
