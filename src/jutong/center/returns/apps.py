from django.apps import AppConfig


class ReturnsConfig(AppConfig):
    name = "jutong.center.returns"
    label = "returns"

    def ready(self) -> None:
        """Guard the table, hear of supply and ends, and tell what waits."""
        from jutong.center.process.guard import guard  # noqa: PLC0415 - models are not loaded before
        from jutong.center.returns import disputing, listening, telling, waiting  # noqa: PLC0415
        from jutong.center.returns.rules import RETURNS  # noqa: PLC0415

        guard(RETURNS, "returns.ReturnFlow")
        listening.begin()
        waiting.register_all()
        telling.connect()
        disputing.connect()
