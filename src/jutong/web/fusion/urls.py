from __future__ import annotations

from django.urls import path

from jutong.web.fusion import cards, views

urlpatterns = [
    path("library/tables/<str:code>/<slug:name>/fusion", views.fusion),
    path("library/tables/<str:code>/<slug:name>/fusion/open", views.open_at_node),
    path("library/tables/<str:code>/<slug:name>/fusion/send", views.send),
    path("library/tables/<str:code>/<slug:name>/model", cards.card),
    path("corrections/<str:number>/record", views.record),
]
