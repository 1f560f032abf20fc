from __future__ import annotations

from django.urls import path

from jutong.web.clocks import calculator, rules

urlpatterns = [
    path("clocks/calculator", calculator.show),
    path("clocks/rules", rules.listing),
]
