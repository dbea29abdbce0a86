"""What the connections of one endpoint share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hitless.sandbox.world.servers.answer import Answers

if TYPE_CHECKING:
    import ssl

    from hitless.sandbox.world.records import Endpoint, Step

__all__ = ["Serving"]


class Serving:
    """An endpoint ready to be served: its answers, its scripts and the certificate of the world."""

    __slots__ = ("answers", "greeting", "responses", "scripts", "tls")

    def __init__(self, endpoint: Endpoint, tls: ssl.SSLContext | None) -> None:
        self.answers = Answers(endpoint)
        self.tls = tls
        self.responses: dict[bytes, bytes] = {}
        """Whole responses by the bytes of whole requests: proxies send the same request again and again."""
        unasked = [s for s in endpoint.scripts if s and not s[0].hear and not s[0].hear_anything]
        self.greeting: tuple[Step, ...] = unasked[0] if unasked else ()
        """The script in which the server speaks first."""
        self.scripts = tuple(s for s in endpoint.scripts if s and s not in unasked)
