"""An SPOE agent's configuration in the place of a missing one: an agent that is never asked (pure)."""

from collections.abc import Iterator

from hitless.config.model import Model

__all__ = ["spoe_agent"]

_AGENT = """\
spoe-agent hitless_stand_in
    messages never
{groups}    timeout hello 1s
    timeout idle 1s
    timeout processing 100ms
    use-backend {backend}
spoe-message never
    event on-client-session if FALSE
"""
"""With a message that is never sent: on an agent without any, `haproxy -c` of 2.6 and 2.8 crashes."""

_GROUP = """\
spoe-message never-{name}
    args src
spoe-group {name}
    messages never-{name}
"""


def spoe_agent(engine: str, model: Model) -> str:
    """Return the file for an engine ("" without a name), its groups and a backend that may serve.

    A message of a group is sent when a rule asks for it; the simulated server does not answer, and HAProxy goes on
    after the processing time-out, as with an agent that is down.
    """
    names = tuple(dict.fromkeys(_groups(engine, model)))
    groups = f"    groups {' '.join(names)}\n" if names else ""
    scope = f"[{engine}]\n" if engine else ""
    sections = "".join(_GROUP.format(name=name) for name in names)
    return scope + _AGENT.format(groups=groups, backend=_backend(model)) + sections


def _groups(engine: str, model: Model) -> Iterator[str]:
    for proxy in model.proxies:
        for directive in proxy.directives:
            words = directive.words
            if "send-spoe-group" in words[:-2]:
                at = words.index("send-spoe-group")
                if words[at + 1] == engine:
                    yield words[at + 2]


def _backend(model: Model) -> str:
    """Return a backend in TCP mode if there is one: others are refused (HAProxy src/flt_spoe.c spoe_check())."""
    backends = [proxy for proxy in model.proxies if proxy.kind in {"backend", "listen"}]
    backends.sort(key=lambda proxy: proxy.mode != "tcp")
    return backends[0].name if backends else ""
