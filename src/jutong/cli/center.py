"""The command line as a door to the center: registry up, Django set up, errors with a name."""

from __future__ import annotations

import getpass
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jutong.kernel import settings as jutong_settings
from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop
from jutong.runtime import registry

if TYPE_CHECKING:
    from jutong.center.org.actor import Actor


class RegistryEmptyError(JutongError):
    """The registry has no tables yet."""

    code = "cli.registry.empty"
    http_status = 503
    message = gettext_noop("登记库里还没有表，命令没有执行。")
    next_step = gettext_noop("请先运行 jutong migrate，或用 jutong up 启动一次平台。")


@contextmanager
def center() -> Iterator[Actor]:
    """Have the center ready for the length of a command; yields the actor in whose name the command writes.

    Whoever can run a command on the machine owns the platform: the audit trail then names the machine's account.

    Raises:
        RegistryEmptyError: if the registry has no tables.
    """
    with registry.opened(jutong_settings.load()):
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jutong.center.conf")
        import django
        from django.db import ProgrammingError, connections

        logging.getLogger("procrastinate").setLevel(logging.WARNING)  # what it loads is no news to an operator
        django.setup()
        from jutong.center.org.actor import platform_actor

        try:
            yield platform_actor(f"命令行：{getpass.getuser()}"[:64])
        except ProgrammingError as error:
            if getattr(error.__cause__, "sqlstate", "") == "42P01":
                raise RegistryEmptyError from error
            raise
        finally:
            if not connections["default"].in_atomic_block:
                connections.close_all()
