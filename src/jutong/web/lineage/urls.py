from __future__ import annotations

from django.urls import path

from jutong.web.lineage import pages

urlpatterns = [
    path("lineage", pages.picture),
    path("lineage/impact", pages.impact),
    path("lineage/export", pages.export),
    path("catalog/<path:code>/lineage", pages.of_entry),
    path("catalog/<path:code>/impact", pages.impact_of_entry),
]
