from __future__ import annotations

from django.urls import path

from jutong.web.quality import findings, rules, views

urlpatterns = [
    path("quality", views.overview),
    path("quality/scheme", views.way),
    path("quality/findings", findings.listing),
    path("quality/findings/<str:number>", findings.detail),
    path("quality/findings/<str:number>/report", findings.report),
    path("quality/findings/<str:number>/accept", findings.accept),
    path("quality/<uuid:checked_id>", views.report),
    path("quality/<uuid:checked_id>/check", views.check),
    path("quality/<uuid:checked_id>/rows", views.rows),
    path("quality/<uuid:checked_id>/rules", rules.listing),
    path("quality/rules/<uuid:rule_id>/try", rules.trial),
    path("quality/rules/<uuid:rule_id>/activate", rules.activate),
    path("quality/rules/<uuid:rule_id>/retire", rules.retire),
]
