from __future__ import annotations

from django.urls import path

from jutong.web.care import erasures, evolutions

urlpatterns = [
    path("library/evolutions", evolutions.listing),
    path("library/evolutions/propose", evolutions.propose),
    path("library/evolutions/<uuid:evolution_id>", evolutions.detail),
    path("library/evolutions/<uuid:evolution_id>/agree", evolutions.agree),
    path("library/evolutions/<uuid:evolution_id>/withdraw", evolutions.withdraw),
    path("library/erasures", erasures.listing),
    path("library/erasures/<uuid:erasure_id>", erasures.detail),
    path("library/erasures/<uuid:erasure_id>/agree", erasures.agree),
    path("library/erasures/<uuid:erasure_id>/prove", erasures.prove),
    path("library/erasures/<uuid:erasure_id>/withdraw", erasures.withdraw),
]
