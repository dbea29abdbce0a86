"""What a configuration keeps over a reload."""

import pytest

from hitless.subject import Subject
from hitless.subject.state_lines import checked_servers, loads_state, local_peer, serving_proxies, state_file
from tests.audit.fixtures import read_snapshot

TEXT = """
global
    server-state-file /s
defaults
    mode http
    load-server-state-from-file global
backend a
    server x 192.0.2.1:80 check
    server y 192.0.2.2:80
    server z 192.0.2.3:80 check disabled
backend b
    load-server-state-from-file none
    server x 192.0.2.1:80
backend c
    load-server-state-from-file local
    server x 192.0.2.1:80
backend d
    disabled
    server x 192.0.2.1:80
backend e
"""


def subject(text: str, more: str = "") -> Subject:
    snapshot = read_snapshot(f"```cfg\n{text}\n```\n{more}")
    assert snapshot is not None
    return Subject(snapshot, snapshot.instances[0])


def test_states_that_are_loaded() -> None:
    proxies = list(serving_proxies(subject(TEXT)))
    assert [(p.name, loads_state(p)) for p in proxies] == [("a", "global"), ("b", ""), ("c", "local")]
    assert [server.name for server in checked_servers(proxies[0])] == ["x"]


def test_the_state_file() -> None:
    found = state_file(subject(TEXT))
    assert found is not None
    assert found.words[1] == "/s"
    assert state_file(subject("global\n    server-state-file\n")) is None


@pytest.mark.parametrize(
    ("text", "more", "name"),
    [
        ("global\n", "", ""),
        ("global\n", '```json host\n{"host_name": "lb1"}\n```\n', "lb1"),
        ("global\n    localpeer a\n", '```json host\n{"host_name": "lb1"}\n```\n', "a"),
        ("global\n    localpeer a\n", "```argv\nhaproxy -L b\n```\n", "b"),
        ("global\n    localpeer\n", "", ""),
    ],
)
def test_the_local_peer(text: str, more: str, name: str) -> None:
    assert local_peer(subject(text, more)) == name
