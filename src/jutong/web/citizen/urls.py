from __future__ import annotations

from django.urls import path

from jutong.web.citizen import complaints, counter, uses

urlpatterns = [
    path("complaints/new", complaints.create),
    path("complaints/follow", complaints.follow),
    path("complaints/leave", complaints.leave),
    path("complaints/<str:number>", complaints.follow),
    path("complaints/<str:number>/<str:name>", complaints.take),
    path("me/uses", uses.listing),
    path("me/uses/leave", uses.leave),
    path("me/uses/<str:record_id>/question", uses.question),
    path("manage/complaints", counter.complaints),
    path("manage/complaints/<str:number>", counter.complaint),
    path("manage/complaints/<str:number>/reveal", counter.reveal),
    path("manage/complaints/<str:number>/accept", counter.accept),
    path("manage/complaints/<str:number>/transfer", counter.transfer),
    path("manage/complaints/<str:number>/answer", counter.answer),
    path("inquiries", counter.inquiries),
    path("inquiries/new", counter.open_inquiry),
    path("inquiries/<str:number>", counter.inquiry),
    path("inquiries/<str:number>/retry", counter.retry),
    path("inquiries/<str:number>/deliver", counter.deliver),
    path("inquiries/<str:number>/renew", counter.renew),
    path("secrecies", counter.secrecies),
]
