"""Steps that ask who answers: many requests, each on a connection of its own."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from hitless.errors import SandboxError

if TYPE_CHECKING:
    from hitless.lab.stage import Stage

__all__ = ["VERBS", "ask_for_bodies"]

ANSWER_S = 5.0
BODY_LIMIT_BYTES = 200
DEFAULT_NUMBER = "20"


def sample(stage: Stage, *words: str) -> None:
    """Ask many times, each time anew: `sample [as=NAME] URL [NUMBER]`, 20 times without a number.

    Observes `NAME.bodies` (the different answers, in alphabetical order, with ", " between them) and `NAME.failed`
    (how many had no answer, or one of 500 and above). NAME is "sample" without an own one.
    """
    name = "sample"
    if words and words[0].startswith("as="):
        name, words = words[0].removeprefix("as="), words[1:]
    url, number = (*words, DEFAULT_NUMBER)[:2]
    bodies, failed = ask_for_bodies(url, int(number))
    stage.observe(f"{name}.bodies", ", ".join(bodies))
    stage.observe(f"{name}.failed", failed)


def ask_for_bodies(url: str, number: int) -> tuple[list[str], int]:
    """Return the different bodies of so many answers, and how many requests had no good one.

    Raises: SandboxError if the address is none.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise SandboxError(f"{url!r} is no address that can be asked")
    bodies, failed = set(), 0
    for _ in range(number):
        connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=ANSWER_S)
        try:
            connection.request("GET", parts.path or "/")
            answer = connection.getresponse()
            body = answer.read(BODY_LIMIT_BYTES).decode("utf-8", "backslashreplace").strip()
        except (OSError, http.client.HTTPException):
            failed += 1
            continue
        finally:
            connection.close()
        failed += answer.status >= http.HTTPStatus.INTERNAL_SERVER_ERROR
        bodies.add(body)
    return sorted(bodies), failed


VERBS = {"sample": sample}
