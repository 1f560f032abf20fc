from django.apps import AppConfig


class LibraryConfig(AppConfig):
    name = "jutong.center.library"
    label = "library"
