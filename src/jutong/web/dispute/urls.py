from __future__ import annotations

from django.urls import path

from jutong.web.dispute import pages

urlpatterns = [
    path("disputes", pages.listing),
    path("disputes/new", pages.create),
    path("disputes/<str:number>", pages.detail),
    path("disputes/<str:number>/view", pages.say),
    path("disputes/<str:number>/evidence", pages.evidence),
    path("disputes/<str:number>/propose", pages.propose),
    path("disputes/<str:number>/answer", pages.answer),
    path("disputes/<str:number>/escalate", pages.escalate),
    path("disputes/<str:number>/refer", pages.refer),
    path("disputes/<str:number>/decide", pages.decide),
    path("disputes/<str:number>/execute", pages.execute),
    path("disputes/<str:number>/withdraw", pages.withdraw),
]
