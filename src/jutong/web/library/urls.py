from __future__ import annotations

from django.urls import path

from jutong.web.library import engine, feeds, publishing, statistics, views, works

urlpatterns = [
    path("library", views.overview),
    path("library/publish", publishing.publish),
    path("library/feeds", feeds.listing),
    path("library/feeds/propose", feeds.propose),
    path("library/feeds/<uuid:feed_id>", feeds.edit),
    path("library/feeds/<uuid:feed_id>/stop", feeds.stop),
    path("library/works", works.listing),
    path("library/works/<uuid:work_id>", works.detail),
    path("library/works/<uuid:work_id>/progress", works.progress),
    path("library/works/<uuid:work_id>/cancel", works.cancel),
    path("library/statistics", statistics.builder),
    path("library/engine", engine.page_of_engine),
    path("library/tables/<str:code>/<slug:name>", views.table),
    path("library/tables/<str:code>/<slug:name>/order", views.order),
]
