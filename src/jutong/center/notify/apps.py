from django.apps import AppConfig


class NotifyConfig(AppConfig):
    name = "jutong.center.notify"
    label = "notify"

    def ready(self) -> None:
        """Follow every notice into the outbox."""
        from jutong.center.notify import outbox  # noqa: PLC0415 - models are not loaded before
        from jutong.center.sharing import telling  # noqa: PLC0415

        telling.when_told("notify", outbox.follow)
