from django.apps import AppConfig


class SharingConfig(AppConfig):
    name = "jutong.center.sharing"
    label = "sharing"

    def ready(self) -> None:
        """Put both tables under the registry's guard, listen to calls, and tell the inbox what waits."""
        from jutong.center.process.guard import guard  # noqa: PLC0415 - models are not loaded before
        from jutong.center.process.moments import Moment, listen  # noqa: PLC0415
        from jutong.center.sharing.actions.consuming import add_up  # noqa: PLC0415
        from jutong.center.sharing.queries import telling, waiting  # noqa: PLC0415
        from jutong.center.sharing.rules import APPLICATIONS, GRANTS  # noqa: PLC0415

        guard(APPLICATIONS, "sharing.Application")
        guard(GRANTS, "sharing.Grant")
        listen(Moment.CALLS_RECORDED, "sharing", add_up)
        waiting.register_all()
        telling.register_all()
