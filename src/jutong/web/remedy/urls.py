from __future__ import annotations

from django.urls import path

from jutong.web.remedy import disposals, rectifications

urlpatterns = [
    path("rectifications", rectifications.listing),
    path("rectifications/new", rectifications.create),
    path("rectifications/<str:number>", rectifications.detail),
    path("rectifications/<str:number>/report", rectifications.report),
    path("rectifications/<str:number>/judge", rectifications.judge),
    path("rectifications/<str:number>/order-again", rectifications.order_again),
    path("rectifications/<str:number>/terminate", rectifications.terminate),
    path("rectifications/<str:number>/withdraw", rectifications.withdraw),
    path("disposals", disposals.listing),
    path("disposals/<str:number>", disposals.detail),
    path("disposals/<str:number>/copies", disposals.declare),
    path("disposals/<str:number>/report", disposals.report),
    path("disposals/<str:number>/verify", disposals.verify),
    path("disposals/<str:number>/certificate", disposals.certificate),
    path("disposals/<str:number>/certificate.json", disposals.certificate_file),
]
