from django.apps import AppConfig


class AgreementConfig(AppConfig):
    name = "jutong.center.agreement"
    label = "agreement"

    def ready(self) -> None:
        """Put the tables under the registry's guard, hold grants back, listen, and tell the inbox."""
        from jutong.center.agreement import disputing, listening, telling, waiting  # noqa: PLC0415 - models are not loaded before
        from jutong.center.agreement.rules import AGREEMENTS, BREACHES  # noqa: PLC0415
        from jutong.center.process.guard import guard  # noqa: PLC0415

        guard(AGREEMENTS, "agreement.Agreement")
        guard(BREACHES, "agreement.Breach")
        listening.connect()
        waiting.connect()
        telling.connect()
        disputing.connect()
