from django.apps import AppConfig


class DemandConfig(AppConfig):
    name = "jutong.center.demand"
    label = "demand"

    def ready(self) -> None:
        """Guard the table, hear of publications and supply, and tell what waits."""
        from jutong.center.demand import listening, telling, waiting  # noqa: PLC0415 - models are not loaded before
        from jutong.center.demand.rules import DEMANDS  # noqa: PLC0415
        from jutong.center.process.guard import guard  # noqa: PLC0415

        guard(DEMANDS, "demand.Demand")
        listening.begin()
        waiting.register_all()
        telling.connect()
