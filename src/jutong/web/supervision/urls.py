from __future__ import annotations

from django.urls import path

from jutong.web.supervision import cases, platforms, reports

urlpatterns = [
    path("violations", cases.listing),
    path("violations/report", reports.create),
    path("violations/platforms", platforms.listing),
    path("violations/platforms/<uuid:platform_id>/join", platforms.join),
    path("violations/<str:number>", cases.detail),
    path("violations/<str:number>/notice", cases.paper),
    path("violations/<str:number>/state", cases.state),
    path("violations/<str:number>/dismiss", cases.dismiss),
    path("violations/<str:number>/order", cases.order),
    path("violations/<str:number>/fix", cases.fix),
    path("violations/<str:number>/accept", cases.accept),
    path("violations/<str:number>/reject", cases.reject),
    path("violations/<str:number>/refer", cases.refer),
]
