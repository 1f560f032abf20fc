"""One person at a desk: signs in at the public API and takes steps there."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from jutong.demo.city import department, people_of
from jutong.demo.load import password_of
from jutong.kernel.i18n import gettext_noop, translate
from jutong.tour.errors import DemoMissingError, PlatformUnreachableError, StepRefusedError, WaitedInVainError

BASE = "/api/v1"
TIMEOUT_SECONDS = 20.0
WAIT_SECONDS = 30.0
PAUSE_SECONDS = 0.1
_REFUSED = 400
_UNAUTHENTICATED = 401
Found = TypeVar("Found")
SIGN_IN = gettext_noop("登录")


class Platform:
    """The public API of a running platform."""

    def __init__(self, address: str, language: str) -> None:
        self.address = address.rstrip("/")
        self.language = language
        self.http = httpx.Client(
            base_url=self.address + BASE,
            timeout=TIMEOUT_SECONDS,
            headers={"Accept-Language": language, "User-Agent": "jutong-tour/1"},
            trust_env=False,
        )

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Return the platform's answer, whatever it is.

        Raises:
            PlatformUnreachableError: if there is none.
        """
        try:
            return self.http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise PlatformUnreachableError(address=self.address, reason=type(error).__name__) from error

    def version(self) -> str:
        """Return the version the platform says it has.

        Raises:
            PlatformUnreachableError: if nothing answers, or something else than this platform does.
        """
        answer = self.send("GET", "/openapi.json")
        try:
            return str(answer.json()["info"]["version"])
        except (ValueError, KeyError, TypeError) as error:
            raise PlatformUnreachableError(address=self.address, reason=f"HTTP {answer.status_code}") from error


@dataclass
class Desk:
    """One demo person, signed in."""

    platform: Platform
    username: str
    name: str
    organisation: str
    post: str
    token: str

    @property
    def who(self) -> str:
        """The person as lines show it: organisation, post, name."""
        between = "" if self.platform.language.startswith("zh") else " "
        return between.join((self.organisation, self.post, self.name))

    def get(self, path: str, **query: Any) -> Any:
        """Return what stands at an address."""
        return self.ask(path, "GET", path, params=query)

    def do(self, step: str, method: str, path: str, body: Any = None) -> Any:
        """Take a step and return the answer; see :meth:`ask`."""
        return self.ask(step, method, path, **({} if body is None else {"json": body}))

    def ask(self, step: str, method: str, path: str, **options: Any) -> Any:
        """Return the answer to one request.

        Raises:
            StepRefusedError: with the platform's own words, if it refuses.
            PlatformUnreachableError: if it does not answer.
        """
        answer = self.platform.send(method, path, headers={"Authorization": f"Bearer {self.token}"}, **options)
        if answer.status_code >= _REFUSED:
            raise refused(self.who, translate(step, self.platform.language), answer)
        return answer.json() if answer.content else None


def refused(who: str, step: str, answer: httpx.Response) -> StepRefusedError:
    """Return a refusal in the platform's own words."""
    try:
        error = answer.json()["error"]
    except (ValueError, KeyError, TypeError):
        error = {"code": f"HTTP {answer.status_code}", "message": answer.text[:200], "next_step": ""}
    return StepRefusedError(
        who=who, step=step, message=error["message"], code_found=error["code"], advice=error["next_step"]
    )


def sign_in(platform: Platform, key: str, role: str) -> Desk:
    """Return the desk of the person who holds a role in a department of the demo.

    Raises:
        DemoMissingError: if the platform does not know the person.
    """
    person = next(row for row in people_of(key) if role in row.roles)
    body = {
        "username": person.username,
        "password": password_of(person.username),
        "organisation_code": department(key).code,
        "role": role,
        "hours": 1,
    }
    answer = platform.send("POST", "/tokens", json=body)
    if answer.status_code == _UNAUTHENTICATED:
        raise DemoMissingError(username=person.username)
    if answer.status_code >= _REFUSED:
        raise refused(person.display_name, translate(SIGN_IN, platform.language), answer)
    given = answer.json()
    post = given["post"]
    return Desk(
        platform=platform,
        username=person.username,
        name=person.display_name,
        organisation=post["organisation"]["short_name"],
        post=post["role_label"],
        token=given["token"],
    )


def wait_for(what: str, look: Callable[[], tuple[Found, bool, str]], *, seconds: float = WAIT_SECONDS) -> Found:
    """Return what ``look`` found as soon as it says that it is so.

    Args:
        what: what is waited for, in words.
        look: returns what it found, whether that is it, and how it stands in words.
        seconds: how long at most.

    Raises:
        WaitedInVainError: if it does not come.
    """
    end = time.monotonic() + seconds
    while True:
        found, done, state = look()
        if done:
            return found
        if time.monotonic() > end:
            raise WaitedInVainError(seconds=round(seconds), what=what, found=state)
        time.sleep(PAUSE_SECONDS)
