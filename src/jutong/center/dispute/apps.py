from django.apps import AppConfig


class DisputeConfig(AppConfig):
    name = "jutong.center.dispute"
    label = "dispute"

    def ready(self) -> None:
        """Guard the table, know the usual subjects, and tell what waits."""
        from jutong.center.dispute import known, waiting  # noqa: PLC0415 - models are not loaded before
        from jutong.center.dispute.rules import DISPUTES  # noqa: PLC0415
        from jutong.center.process.guard import guard  # noqa: PLC0415

        guard(DISPUTES, "dispute.Dispute")
        known.register_all()
        waiting.register_all()
