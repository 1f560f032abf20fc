from django.apps import AppConfig


class CareConfig(AppConfig):
    name = "jutong.center.care"
    label = "care"

    def ready(self) -> None:
        """Have tables taken care of, and hear what came of erasures."""
        from jutong.center.care import erasing, keeping  # noqa: PLC0415 - models are not loaded before
        from jutong.center.library import steps, works  # noqa: PLC0415

        steps.define("care", keeping.order_for)
        works.listen("care", erasing.heard)
        if erasing.ended not in works.enders:
            works.enders.append(erasing.ended)
