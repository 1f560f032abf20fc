from __future__ import annotations

from django.urls import path

from jutong.web.open import views

urlpatterns = [
    path("open", views.listing),
    path("open/catalog.<str:form>", views.whole),
    path("open/<path:code>", views.detail),
]
