from __future__ import annotations

from django.urls import path

from jutong.web.agreements import breaches, pages, papers, steps

urlpatterns = [
    path("applications/<str:number>/undertaking", papers.undertaking),
    path("applications/<str:number>/agreement", papers.draft),
    path("applications/<str:number>/reply/sign", steps.consent_and_sign),
    path("agreements", pages.listing),
    path("agreements/<str:number>.html", papers.as_html),
    path("agreements/<str:number>.pdf", papers.as_pdf),
    path("agreements/<str:number>.json", papers.as_json),
    path("agreements/<str:number>", pages.detail),
    path("agreements/<str:number>/terms", steps.terms),
    path("agreements/<str:number>/change", steps.change),
    path("agreements/<str:number>/send", steps.send),
    path("agreements/<str:number>/sign", steps.sign),
    path("agreements/<str:number>/hand-back", steps.hand_back),
    path("agreements/<str:number>/discard", steps.discard),
    path("breaches", breaches.listing),
    path("breaches/<str:number>", breaches.detail),
    path("breaches/<str:number>/answer", breaches.answer),
    path("breaches/<str:number>/judge", breaches.judge),
]
