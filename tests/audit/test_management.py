"""Configuration management: which line does it, and files that are none of it. The spellings: test_scripts.py."""

import pytest

from hitless.audit.acts import Action
from hitless.audit.management import management_acts


def test_the_line_is_the_state() -> None:
    (act,) = management_acts("- name: x\n  service:\n    name: haproxy\n    state: restarted\n")
    assert (act.action, act.line, act.word) == (Action.RESTART, 4, "restarted")


def test_the_line_of_a_watch_and_of_a_notify() -> None:
    (salt,) = management_acts(
        "haproxy:\n  service.running:\n    - enable: True\n    - watch:\n      - file: /x\n"
    )
    assert (salt.action, salt.line) == (Action.RESTART, 4)
    (puppet,) = management_acts(
        "service { 'haproxy': ensure => running }\nfile { '/x':\n notify => Service['haproxy'],\n}"
    )
    assert (puppet.action, puppet.line) == (Action.RESTART, 3)


def test_a_service_with_another_name_in_the_inventory() -> None:
    assert management_acts("- service:\n    name: front\n    state: restarted\n", ("front.service",))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "state: restarted",
        "state: restarted\nname: haproxy",
        "\x00" * 100,
        "- " * 5000,
        "{" * 5000,
        "service {\n" * 500,
    ],
)
def test_what_says_nothing(text: str) -> None:
    assert management_acts(text) == []
