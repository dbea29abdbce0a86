import pytest

from hitless.control.capabilities import parse_keywords, read_keywords
from hitless.control.errors import CouldNotAsk, NotUnderstood

DUMP = """# List of registered configuration keywords:
global
\thard-stop-after
\ttune.h2.max-frame-size
listen
\tbalance
\tbind <addr> expose-fd +1
\tbind <addr> ssl crt +1
\tserver <name> <addr> init-state +1
\toption idle-close-on-response [ FE HTTP ]
\thttp-request set-var*
peers
\tpeer
"""


def test_each_keyword_says_where_it_belongs() -> None:
    assert parse_keywords(DUMP) == (
        "global hard-stop-after",
        "global tune.h2.max-frame-size",
        "listen balance",
        "bind expose-fd",
        "bind crt",
        "server init-state",
        "option idle-close-on-response",
        "http-request set-var*",
        "peers peer",
    )


def test_a_version_that_cannot_say_says_nothing() -> None:
    assert parse_keywords("") is None
    assert parse_keywords("HA-Proxy version 2.2.9") is None
    assert read_keywords("/bin/true") is None


def test_what_is_no_list_is_refused() -> None:
    with pytest.raises(NotUnderstood):
        parse_keywords(DUMP.replace("global\n", ""))
    with pytest.raises(CouldNotAsk):
        read_keywords("/nowhere/haproxy")
