from __future__ import annotations

from django.urls import path

from jutong.web.demand import detail, listing, writing

urlpatterns = [
    path("inventories/demands", listing.inventory),
    path("demands", listing.listing),
    path("demands/new", writing.create),
    path("demands/<str:number>", detail.detail),
    path("demands/<str:number>/edit", writing.edit),
    path("demands/<str:number>/join", detail.join),
    path("demands/<str:number>/leave", detail.leave),
    path("demands/<str:number>/compare", detail.compare),
    path("demands/<str:number>/match", detail.match),
    path("demands/<str:number>/unmatch", detail.unmatch),
    path("demands/<str:number>/merge", detail.merge),
    path("demands/<str:number>/assign", detail.assign),
    path("demands/<str:number>/refer", detail.refer),
    path("demands/<str:number>/close", detail.close),
    path("demands/<str:number>/answer", detail.answer),
    path("demands/<str:number>/catalog", detail.begin_catalog),
    path("demands/<str:number>/entry", detail.name_entry),
    path("demands/<str:number>/apply", detail.apply),
    path("demands/<str:number>/withdraw", detail.withdraw),
]
