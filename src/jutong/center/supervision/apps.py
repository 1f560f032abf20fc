from django.apps import AppConfig


class SupervisionConfig(AppConfig):
    name = "jutong.center.supervision"
    label = "supervision"

    def ready(self) -> None:
        """Guard the table and tell what waits."""
        from jutong.center.process.guard import guard  # noqa: PLC0415 - models are not loaded before
        from jutong.center.supervision import waiting  # noqa: PLC0415
        from jutong.center.supervision.rules import CASES  # noqa: PLC0415

        guard(CASES, "supervision.Case")
        waiting.register_all()
