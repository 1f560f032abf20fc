from django.apps import AppConfig


class SharingConfig(AppConfig):
    name = "jutong.center.sharing"
    label = "sharing"

    def ready(self) -> None:
        """Put both tables under the registry's guard."""
        from jutong.center.process.guard import guard  # noqa: PLC0415 - models are not loaded before
        from jutong.center.sharing.rules import APPLICATIONS, GRANTS  # noqa: PLC0415

        guard(APPLICATIONS, "sharing.Application")
        guard(GRANTS, "sharing.Grant")
