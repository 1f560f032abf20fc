from __future__ import annotations

from django.urls import path

from jutong.web.remedy import changes, disposals, ledgers, rectifications

urlpatterns = [
    path("rectifications", rectifications.listing),
    path("rectifications/new", rectifications.create),
    path("rectifications/<str:number>", rectifications.detail),
    path("rectifications/<str:number>/report", rectifications.report),
    path("rectifications/<str:number>/judge", rectifications.judge),
    path("rectifications/<str:number>/order-again", rectifications.order_again),
    path("rectifications/<str:number>/terminate", rectifications.terminate),
    path("rectifications/<str:number>/withdraw", rectifications.withdraw),
    path("service-changes", changes.listing),
    path("service-changes/new", changes.create),
    path("service-changes/<str:number>", changes.detail),
    path("service-changes/<str:number>/answer", changes.answer),
    path("service-changes/<str:number>/file", changes.file),
    path("service-changes/<str:number>/withdraw", changes.withdraw),
    path("service-changes/<str:number>/decide", changes.decide),
    path("ledger", ledgers.listing),
    path("ledger/<str:number>", ledgers.detail),
    path("ledger/<str:number>/fill/<str:quarter>", ledgers.fill),
    path("ledger/<str:number>/write", ledgers.write),
    path("ledger/<str:number>/inspect", ledgers.inspect),
    path("disposals", disposals.listing),
    path("disposals/<str:number>", disposals.detail),
    path("disposals/<str:number>/copies", disposals.declare),
    path("disposals/<str:number>/report", disposals.report),
    path("disposals/<str:number>/verify", disposals.verify),
    path("disposals/<str:number>/certificate", disposals.certificate),
    path("disposals/<str:number>/certificate.json", disposals.certificate_file),
]
