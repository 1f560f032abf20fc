"""Fixtures every test may ask for. Loaded by ``-p tests.plugins`` (pyproject), before Django reads its settings."""

pytest_plugins = (
    "tests.plugins.registry",
    "tests.plugins.mariadb",
    "tests.plugins.chromium",
    "tests.plugins.missing",
)
