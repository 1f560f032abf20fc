"""Errors that name the place, what was found, what is allowed and what to do next.

A class is an error kind: ``code`` is its stable name (``domain.object.problem``), ``http_status`` what a caller
sees, ``message`` and ``next_step`` Chinese templates filled from the fields. Every kind registers itself, so that
the documentation and a test can list them all.
"""

from __future__ import annotations

from typing import Any, ClassVar

from jutong.kernel.i18n import SOURCE_LANGUAGE, gettext_noop, translate

_KINDS: dict[str, type[JutongError]] = {}


class JutongError(Exception):
    """Base of every error a user may meet. Keyword arguments become ``fields``."""

    code: ClassVar[str] = "kernel.internal.unexpected"
    http_status: ClassVar[int] = 500
    message: ClassVar[str] = gettext_noop("出了意外的问题。")
    next_step: ClassVar[str] = gettext_noop("请把错误编号告诉平台管理员。")
    retry_after: ClassVar[int | None] = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "code" in cls.__dict__:
            if cls.code in _KINDS and _KINDS[cls.code].__qualname__ != cls.__qualname__:
                raise TypeError(f"two error kinds share the code {cls.code}")
            _KINDS[cls.code] = cls

    def __init__(self, **fields: Any) -> None:
        self.fields = fields
        super().__init__(f"{self.code}: {self.explain()}")

    def _fill(self, template: str, language: str) -> str:
        try:
            return translate(template, language).format(**self.fields)
        except (KeyError, IndexError):
            return translate(template, language)

    def explain(self, language: str = SOURCE_LANGUAGE) -> str:
        """Return the sentence a person reads: what was found and what is allowed."""
        return self._fill(self.message, language)

    def advise(self, language: str = SOURCE_LANGUAGE) -> str:
        """Return the next step."""
        return self._fill(self.next_step, language)

    def envelope(self, language: str = SOURCE_LANGUAGE) -> dict[str, Any]:
        """Return the one error shape every door answers with."""
        return {
            "error": {
                "code": self.code,
                "message": self.explain(language),
                "next_step": self.advise(language),
                "fields": {name: _plain(value) for name, value in self.fields.items()},
            }
        }


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    return str(value)


def kinds() -> dict[str, type[JutongError]]:
    """Return every registered error kind by code. Import the packages you ask about first."""
    return dict(sorted(_KINDS.items()))


class NotFoundError(JutongError):
    """The object is not there, or the asker may not know whether it is."""

    code = "kernel.object.not-found"
    http_status = 404
    message = gettext_noop("找不到{what}，或者您没有查看它的权限。")
    next_step = gettext_noop("请核对编号；确有需要时，请向持有部门的数据专员询问。")


class ForbiddenError(JutongError):
    """The actor's post does not carry the permission."""

    code = "kernel.action.forbidden"
    http_status = 403
    message = gettext_noop("这一步需要“{needed}”岗位，您现在的岗位是“{post}”。")
    next_step = gettext_noop("请切换岗位，或请本部门系统管理员授予该岗位。")


class InvalidInputError(JutongError):
    """One or more values are wrong. ``problems`` lists ``{"field", "found", "allowed", "clause"}`` rows."""

    code = "kernel.input.invalid"
    http_status = 422
    message = gettext_noop("填写的内容有{count}处要改：{summary}")
    next_step = gettext_noop("请按每处的提示改正后再提交；已填的内容都还在。")

    def __init__(self, *, problems: list[dict[str, str]]) -> None:
        summary = "；".join(f"{row.get('field', '')}：{row.get('message', '')}" for row in problems[:5])
        super().__init__(count=len(problems), summary=summary, problems=problems)


class ConflictError(JutongError):
    """The object moved on since the actor looked at it."""

    code = "kernel.object.changed"
    http_status = 409
    message = gettext_noop("{what}已被{who}改动，您看到的不是最新的。")
    next_step = gettext_noop("请刷新后对照两个版本，再决定保留哪一个。")
