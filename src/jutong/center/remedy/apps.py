from django.apps import AppConfig


class RemedyConfig(AppConfig):
    name = "jutong.center.remedy"
    label = "remedy"

    def ready(self) -> None:
        """Put the tables under the registry's guard, listen to grants and say what waits."""
        from jutong.center.process.guard import guard  # noqa: PLC0415 - models are not loaded before
        from jutong.center.remedy import listening, tasks, telling  # noqa: PLC0415
        from jutong.center.remedy.rules import DISPOSALS, LEDGER_ASKS, RECTIFICATIONS, SERVICE_CHANGES  # noqa: PLC0415

        guard(RECTIFICATIONS, "remedy.Rectification")
        guard(DISPOSALS, "remedy.Disposal")
        guard(LEDGER_ASKS, "remedy.LedgerAsk")
        guard(SERVICE_CHANGES, "remedy.ServiceChange")
        listening.connect()
        tasks.connect()
        telling.connect()
