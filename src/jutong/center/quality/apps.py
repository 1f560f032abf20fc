from django.apps import AppConfig


class QualityConfig(AppConfig):
    name = "jutong.center.quality"
    label = "quality"

    def ready(self) -> None:
        """Guard findings, tell what waits, and take part in what follows when a table was filled."""
        from jutong.center.library import steps, works  # noqa: PLC0415 - models are not loaded before
        from jutong.center.process.guard import guard  # noqa: PLC0415
        from jutong.center.quality import orders, waiting  # noqa: PLC0415
        from jutong.center.quality.actions.checking import take_check  # noqa: PLC0415
        from jutong.center.quality.actions.stewards import take_failed_trial  # noqa: PLC0415
        from jutong.center.quality.rules import FINDINGS  # noqa: PLC0415

        guard(FINDINGS, "quality.Finding")
        steps.define("check", orders.order_for)
        works.listen("check", take_check)
        if take_failed_trial not in works.enders:
            works.enders.append(take_failed_trial)
        waiting.register_all()
