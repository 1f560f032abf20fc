from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "jutong.center.jobs"
    label = "jobs"

    def ready(self) -> None:
        """Tell the inbox which transfers need somebody."""
        from jutong.center.jobs.transfer_queries import to_repair  # noqa: PLC0415 - models are not loaded before
        from jutong.center.org.permissions import Permission  # noqa: PLC0415
        from jutong.center.sharing.queries.tasks import register  # noqa: PLC0415

        register("transfer-repair", Permission.JOBS_JOB_ORDER, to_repair)
