from __future__ import annotations

from django.urls import path

from jutong.web.manage import entries, review, sources, steps

urlpatterns = [
    path("manage/entries", entries.listing),
    path("manage/entries/new", entries.create),
    path("manage/entries/<path:code>/edit", entries.edit),
    path("manage/entries/<path:code>/assess", steps.assess),
    path("manage/entries/<path:code>/submit", steps.submit),
    path("manage/entries/<path:code>/recall", steps.recall),
    path("manage/entries/<path:code>/change", steps.change),
    path("manage/entries/<path:code>/bind", sources.bind),
    path("manage/entries/<path:code>/unbind", sources.unbind),
    path("manage/entries/<path:code>/move", steps.move),
    path("manage/entries/<path:code>", entries.detail),
    path("manage/sources", sources.listing),
    path("manage/sources/<str:name>/inventory", sources.inventory),
    path("review", review.listing),
    path("review/<uuid:version_id>", review.detail),
    path("review/<uuid:version_id>/decide", review.decide),
    path("review/<uuid:version_id>/consent", review.consent),
]
