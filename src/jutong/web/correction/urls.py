from __future__ import annotations

from django.urls import path

from jutong.web.correction import cases, form

urlpatterns = [
    path("corrections", cases.listing),
    path("corrections/new", form.create),
    path("corrections/<str:number>", cases.detail),
    path("corrections/<str:number>/reveal", cases.reveal),
    path("corrections/<str:number>/materials/<uuid:material_id>", cases.material),
    path("corrections/<str:number>/accept", cases.accept),
    path("corrections/<str:number>/answer", cases.answer),
    path("corrections/<str:number>/withdraw", cases.withdraw),
    path("corrections/<str:number>/confirm", cases.confirm),
    path("corrections/<str:number>/receive", cases.receive),
    path("corrections/<str:number>/dispute", cases.dispute),
    path("corrections/<str:number>/retry", cases.retry),
]
