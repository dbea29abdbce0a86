import pytest

from hitless.config.inheritance import inherits_directive, inherits_timeout, option_rivals, replacement_key
from hitless.config.model import Directive


@pytest.mark.parametrize(
    ("kind", "name", "inherits"),
    [
        ("frontend", "client", True),
        ("backend", "client", False),
        ("listen", "client", True),
        ("frontend", "tunnel", False),
        ("backend", "tunnel", True),
        ("frontend", "http-keep-alive", True),
        ("backend", "http-keep-alive", True),
        ("frontend", "of-the-future", True),
    ],
)
def test_timeouts_are_for_the_side_that_uses_them(kind: str, name: str, inherits: bool) -> None:  # noqa: FBT001
    assert inherits_timeout(kind, name) is inherits


def test_directives_are_for_the_side_that_uses_them() -> None:
    assert inherits_directive("frontend", Directive(("default_backend", "x"), "f:1"))
    assert not inherits_directive("backend", Directive(("default_backend", "x"), "f:1"))
    assert not inherits_directive("frontend", Directive(("balance", "source"), "f:1"))
    assert inherits_directive("frontend", Directive(("errorfile", "503", "/x"), "f:1"))


def test_only_the_last_of_some_options_counts() -> None:
    assert option_rivals("httpclose") == {"http-server-close", "http-keep-alive"}
    assert option_rivals("dontlognull") == frozenset()


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("balance roundrobin", ("balance",)),
        ("errorfile 503 /x", ("errorfile", "503")),
        ("stats uri /x", ("stats", "uri")),
        ("stats auth a:b", ()),
        ("http-request deny", ()),
    ],
)
def test_what_a_line_replaces(line: str, key: tuple[str, ...]) -> None:
    assert replacement_key(Directive(tuple(line.split()), "f:1")) == key
