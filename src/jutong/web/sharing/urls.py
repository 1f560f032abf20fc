from __future__ import annotations

from django.urls import path

from jutong.web.sharing import application, apply, grants, office, repeating, shares, steps

urlpatterns = [
    path("catalog/<path:code>/apply", apply.begin),
    path("applications", application.listing),
    path("applications/batch", repeating.batch),
    path("applications/<str:number>", application.detail),
    path("applications/<str:number>/copy", repeating.copy),
    path("applications/<str:number>/apply/<int:step>", apply.edit),
    path("applications/<str:number>/consent", steps.consent),
    path("applications/<str:number>/withdraw", steps.withdraw),
    path("applications/<str:number>/remind", steps.remind),
    path("applications/<str:number>/message", steps.message),
    path("applications/<str:number>/supplement", steps.supplement),
    path("applications/<str:number>/extension", steps.extension),
    path("applications/<str:number>/extension/decide", steps.decide_extension),
    path("applications/<str:number>/reply", steps.reply),
    path("applications/<str:number>/reply/consent", steps.consent_reply),
    path("grants", grants.listing),
    path("grants/<str:number>", grants.detail),
    path("grants/<str:number>/suspend", grants.suspend),
    path("grants/<str:number>/lift", grants.lift),
    path("grants/<str:number>/revoke", grants.revoke),
    path("grants/<str:number>/retry", grants.retry),
    path("grants/<str:number>/try", grants.try_it),
    path("grants/<str:number>/shares", shares.profiles),
    path("grants/<str:number>/renew", repeating.renew),
    path("grants/<str:number>/idle", grants.answer_idle),
    path("duties", office.duties),
    path("duties/<uuid:duty_id>/close", office.close_duty),
    path("delegations", office.delegations),
    path("delegations/<uuid:delegation_id>/revoke", office.revoke_delegation),
]
