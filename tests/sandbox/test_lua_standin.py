"""The Lua script that stands in. That HAProxy takes it is tried in tests/system."""

from hitless.sandbox.lua_standin import lua_script
from tests.config.samples import model_of

TEXT = """
    global
        lua-load /etc/x.lua
    frontend www
        mode http
        bind :80
        http-request lua.guard strict 10 if { path /a }
        tcp-request content lua.look
        http-request use-service lua.page if { path /page }
        http-request set-header X-A %[lua.colour(1),lua.paint]
        use_backend %[src,lua.choose]
    frontend raw
        mode tcp
        bind :81
        tcp-request content use-service lua.echo
"""


def registered(text: str) -> list[str]:
    return [line for line in lua_script(model_of(text)).splitlines() if line.startswith("register(")]


def test_every_name_in_use_is_registered_as_what_it_is_used_for() -> None:
    lines = registered(TEXT)
    for name, kind, rest in (
        ("guard", "action", ", 2)"),
        ("look", "action", ", 0)"),
        ("page", "service", '"http", http_service)'),
        ("echo", "service", '"tcp", tcp_service)'),
    ):
        (line,) = [line for line in lines if f'"{name}"' in line]
        assert line.startswith(f"register(core.register_{kind}, ")
        assert line.endswith(rest)
    for name in ("colour", "paint", "choose"):
        assert [line.split(",")[0] for line in lines if f'"{name}"' in line] == [
            "register(core.register_fetches",
            "register(core.register_converters",
        ]


def test_a_configuration_that_names_nothing_of_lua_registers_nothing() -> None:
    assert registered("global\n lua-load /etc/x.lua\n") == []
