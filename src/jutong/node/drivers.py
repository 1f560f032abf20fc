"""Drivers that not every node needs: loaded when a source asks for them, and missed with the way out."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from jutong.kernel.errors import JutongError
from jutong.kernel.i18n import gettext_noop


class DriverMissingError(JutongError):
    """What a kind of source is spoken to with is not installed on this node."""

    code = "node.source.driver-missing"
    http_status = 503
    message = gettext_noop("本节点没有安装连接“{source}”所需的驱动：{driver}。")
    next_step = gettext_noop("请运维人员在节点上安装（{way}），再重新启动节点。")


def load(module: str, *, extra: str, source: str) -> Any:
    """Import a driver.

    Args:
        module: its name.
        extra: the optional dependencies of this package that bring it.
        source: who needs it, for the message.

    Raises:
        DriverMissingError: when it is not there, or a library of the system it stands on is not.
    """
    try:
        return import_module(module)
    except (ImportError, OSError) as error:
        name = module.partition(".")[0]
        raise DriverMissingError(source=source, driver=name, way=f"pip install 'jutong[{extra}]'") from error
