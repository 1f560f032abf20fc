from __future__ import annotations

from django.urls import path

from jutong.web.intake import batch, describe, files, imports, mapping

urlpatterns = [
    path("manage/imports", imports.listing),
    path("manage/imports/template.<str:ext>", files.template),
    path("manage/imports/entries.<str:ext>", files.entries),
    path("manage/imports/<uuid:batch_id>", batch.detail),
    path("manage/imports/<uuid:batch_id>/fix", batch.fix),
    path("manage/imports/<uuid:batch_id>/fix-all", batch.fix_all),
    path("manage/imports/<uuid:batch_id>/check", batch.check),
    path("manage/imports/<uuid:batch_id>/drafts", batch.drafts),
    path("manage/imports/<uuid:batch_id>/attach", batch.attach),
    path("manage/imports/<uuid:batch_id>/cancel", batch.cancel),
    path("manage/imports/<uuid:batch_id>/mapping", mapping.detail),
    path("manage/imports/<uuid:batch_id>/marked.xlsx", files.marked),
    path("manage/imports/<uuid:batch_id>/rows/<int:line>", batch.row),
    path("manage/imports/<uuid:batch_id>/rows/<int:line>/dismiss", batch.dismiss),
    path("manage/sources/<str:name>/describe", describe.choose),
]
