from django.apps import AppConfig


class CorrectionConfig(AppConfig):
    name = "jutong.center.correction"
    label = "correction"

    def ready(self) -> None:
        """Put the table under the registry's guard, tell the inbox what waits, and follow traces."""
        from jutong.center.correction import listening, queries, telling  # noqa: PLC0415 - models are not loaded before
        from jutong.center.correction.actions import receiving, tracing  # noqa: PLC0415
        from jutong.center.correction.rules import CORRECTIONS  # noqa: PLC0415
        from jutong.center.org.permissions import Permission  # noqa: PLC0415
        from jutong.center.process.guard import guard  # noqa: PLC0415
        from jutong.center.sharing.queries.tasks import register  # noqa: PLC0415

        guard(CORRECTIONS, "correction.Correction")
        register("correction-answer", Permission.CORRECTION_CASE_ANSWER, queries.to_answer)
        register("correction-confirm", Permission.CORRECTION_CASE_CONFIRM, queries.to_confirm)
        tracing.when_answered(queries.SUBJECT, receiving.traced)
        listening.listen_all()
        telling.connect()
