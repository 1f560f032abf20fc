from django.apps import AppConfig


class FusionConfig(AppConfig):
    name = "jutong.center.fusion"
    label = "fusion"

    def ready(self) -> None:
        """Hear of fusions and of what nodes say of conflicts."""
        from django.utils.translation import gettext_lazy as _  # noqa: PLC0415 - not before the apps are loaded

        from jutong.center.fusion import actions  # noqa: PLC0415 - models are not loaded before
        from jutong.center.library import works  # noqa: PLC0415

        works.KINDS.setdefault(actions.KIND, _("查看冲突"))
        works.listen("fuse", actions.fused)
        works.listen(actions.KIND, actions.found)
        if actions.ended not in works.enders:
            works.enders.append(actions.ended)
