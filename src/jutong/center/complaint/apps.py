from django.apps import AppConfig


class ComplaintConfig(AppConfig):
    name = "jutong.center.complaint"
    label = "complaint"

    def ready(self) -> None:
        """Put both tables under the registry's guard, tell the inbox what waits, and follow traces."""
        from jutong.center.complaint import queries  # noqa: PLC0415 - models are not loaded before
        from jutong.center.complaint.actions import inquiring  # noqa: PLC0415
        from jutong.center.complaint.rules import COMPLAINTS, INQUIRIES  # noqa: PLC0415
        from jutong.center.correction.actions import tracing  # noqa: PLC0415
        from jutong.center.org.permissions import Permission  # noqa: PLC0415
        from jutong.center.process.guard import guard  # noqa: PLC0415
        from jutong.center.sharing.queries.tasks import register  # noqa: PLC0415

        guard(COMPLAINTS, "complaint.Complaint")
        guard(INQUIRIES, "complaint.Inquiry")
        register("complaint-handle", Permission.COMPLAINT_CASE_HANDLE, queries.to_handle)
        register("inquiry-answer", Permission.COMPLAINT_INQUIRY_CHECK, queries.to_answer)
        tracing.when_answered(queries.INQUIRY, inquiring.answered)
