from django.apps import AppConfig
from django.db.models.signals import post_migrate


class ProcessConfig(AppConfig):
    """Puts the tables of all processes under the registry's own guard after every migration."""

    name = "jutong.center.process"
    label = "process"

    def ready(self) -> None:
        """Ask to hear of finished migrations."""
        from jutong.center.process.guard import after_migration  # noqa: PLC0415 - models are not loaded before

        post_migrate.connect(after_migration, sender=self)
