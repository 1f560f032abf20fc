from django.apps import AppConfig


class CatalogConfig(AppConfig):
    name = "jutong.center.catalog"
    label = "catalog"
