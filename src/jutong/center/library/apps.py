from django.apps import AppConfig


class LibraryConfig(AppConfig):
    name = "jutong.center.library"
    label = "library"

    def ready(self) -> None:
        """Have moves start the chain and results carry it on."""
        from jutong.center.jobs import landings  # noqa: PLC0415 - models are not loaded before
        from jutong.center.library import bodies, listening, serving, steps, works  # noqa: PLC0415

        bodies.define_all()
        serving.define()
        if listening.moved not in landings.listeners:
            landings.listeners.append(listening.moved)
        works.listen("standardise", listening.standardised)
        works.listen("fuse", listening.fused)
        works.listen("derive", listening.derived)
        for ender in (steps.once_more, listening.settled):
            if ender not in works.enders:
                works.enders.append(ender)
