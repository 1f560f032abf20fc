from __future__ import annotations

from django.urls import path

from jutong.web.returns import pages

urlpatterns = [
    path("returns", pages.listing),
    path("returns/new", pages.create),
    path("returns/<str:number>", pages.detail),
    path("returns/<str:number>/confirm", pages.confirm),
    path("returns/<str:number>/count", pages.count),
    path("returns/<str:number>/compare", pages.compare),
    path("returns/<str:number>/withdraw", pages.withdraw),
    path("returns/<str:number>/end", pages.end),
]
