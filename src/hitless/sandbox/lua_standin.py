"""A Lua script in the place of a missing one: it registers what the configuration uses of it, and does nothing (pure).

Without it HAProxy refuses every line that names something of Lua. What the real script decides (who is let in, where a
request goes) does not happen; that connections are accepted, kept and handed over does.
Source: HAProxy 2.8 doc/lua-api, "Core class"; tried on 2.6.12 and 2.8.25.
"""

import re
from collections.abc import Iterable, Iterator

from hitless.config.model import Directive, Model

__all__ = ["lua_script"]

_NAME = re.compile(r"\blua\.([A-Za-z0-9_.-]+)")
_RULES = frozenset({"http-request", "http-response", "tcp-request", "tcp-response"})
_ACTION_AT = 5
"""An action stands among the first words: `tcp-request content lua.x`, never later than a condition."""

_HEAD = """\
-- stand-in: registers the names that the configuration uses
local function register(how, ...) pcall(how, ...) end -- what another script has registered stays
local function http_service(applet)
  local body = "stand-in for a Lua service"
  applet:set_status(200)
  applet:add_header("content-length", tostring(#body))
  applet:start_response()
  applet:send(body)
end
local function tcp_service(applet) applet:send("stand-in for a Lua service") end
"""
_ACTION = (
    'register(core.register_action, "{name}", '
    '{{"tcp-req", "tcp-res", "http-req", "http-res"}}, function() end, {count})'
)
_SAMPLE = (
    'register(core.register_fetches, "{name}", function() return "" end)',
    'register(core.register_converters, "{name}", function(value) return value end)',
)


def lua_script(model: Model) -> str:
    """Return a script with every action, service, fetch and converter `lua.NAME` of the configuration."""
    lines: dict[str, None] = {}
    for directive in _directives(model):
        lines.update(dict.fromkeys(_registrations(directive)))
    return _HEAD + "".join(f"{line}\n" for line in lines)


def _directives(model: Model) -> Iterator[Directive]:
    yield from model.global_
    for proxy in model.proxies:
        yield from proxy.directives


def _registrations(directive: Directive) -> Iterator[str]:
    words = directive.words
    at = _action_at(words)
    for index, word in enumerate(words):
        names = _names(word)
        if index == at:
            count = _argument_count(words[index + 1 :])
            yield from (_ACTION.format(name=name, count=count) for name in names)
        elif words[index - 1] == "use-service":
            kind = "tcp" if words[0].startswith("tcp") else "http"
            yield from (
                f'register(core.register_service, "{name}", "{kind}", {kind}_service)' for name in names
            )
        else:
            yield from (line.format(name=name) for name in names for line in _SAMPLE)


def _names(word: str) -> Iterable[str]:
    return dict.fromkeys(match[1] for match in _NAME.finditer(word))


def _action_at(words: tuple[str, ...]) -> int:
    """Return which word is a Lua action, -1 if none is."""
    if words[0] not in _RULES:
        return -1
    for index, word in enumerate(words[1:_ACTION_AT], start=1):
        if word in {"if", "unless"}:
            break
        if word.startswith("lua.") and words[index - 1] != "use-service":
            return index
    return -1


def _argument_count(words: tuple[str, ...]) -> int:
    return next((index for index, word in enumerate(words) if word in {"if", "unless"}), len(words))
