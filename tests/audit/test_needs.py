"""What a rule needs and a snapshot has."""

import pytest
from msgspec.structs import replace

from hitless.audit.needs import missing_need
from hitless.audit.rule import Need, Rule
from hitless.facts import ConfigurationFile, Instance, Snapshot
from hitless.findings import Severity
from hitless.subject import Subject
from tests.audit.fixtures import read_snapshot


def needing(*needs: Need) -> Rule:
    return Rule("HL999", "a", Severity.NOTE, "a rule", "all", frozenset(needs), lambda _: ())


def full() -> Snapshot:
    found = read_snapshot(
        "```cfg\nglobal\n```\n```argv\nhaproxy -W\n```\n```unit\n[Service]\n```\n```json instance\n"
        '{"processes": [], "workers": [], "master": {"socket": "/m", "processes": [], "failed_reloads": 0},'
        '"check": {"accepted": true, "messages": [], "command": "c"}}\n```\n```json host\n'
        '{"logging": {"udp_listeners": [], "unix_datagram_sockets": []}}\n```'
    )
    assert found is not None
    return found


@pytest.mark.parametrize("need", list(Need))
def test_each_need_is_there_or_not(need: Need) -> None:
    snapshot = full()
    assert missing_need(Subject(snapshot, snapshot.instances[0]), needing(need)) == ""
    nothing = Snapshot("0", "", (Instance("x"),))
    assert missing_need(Subject(nothing, nothing.instances[0]), needing(need)) == str(need)


def test_what_was_seen_and_is_empty_is_there() -> None:
    snapshot = full()
    assert snapshot.host is not None
    assert snapshot.host.listening == ()
    assert missing_need(Subject(snapshot, snapshot.instances[0]), needing(Need.LISTENING)) == ""
    blind = replace(snapshot, host=replace(snapshot.host, listening=None))
    assert missing_need(Subject(blind, blind.instances[0]), needing(Need.LISTENING)) == "listening sockets"


def test_a_configuration_that_was_read_in_part_is_not_there() -> None:
    unreadable = ConfigurationFile("/etc/haproxy/b.cfg", "", "", problem="permission denied")
    snapshot = full()
    instance = replace(
        snapshot.instances[0], configuration=(*snapshot.instances[0].configuration, unreadable)
    )
    assert missing_need(Subject(snapshot, instance), needing(Need.CONFIGURATION)) == "the configuration"


def test_all_that_is_missing_is_named_in_one_order() -> None:
    nothing = Snapshot("0", "", (Instance("x"),))
    rule = needing(Need.SYSCTLS, Need.UNIT, Need.CONFIGURATION)
    said = missing_need(Subject(nothing, nothing.instances[0]), rule)
    assert said == "the configuration, the systemd unit, kernel settings"


@pytest.mark.parametrize("seen", ['{"udp_listeners": []}', '{"unix_datagram_sockets": []}', "{}"])
def test_receivers_that_were_not_seen_are_not_taken_for_none(seen: str) -> None:
    found = read_snapshot(f'```cfg\nglobal\n```\n```json host\n{{"logging": {seen}}}\n```')
    assert found is not None
    subject = Subject(found, found.instances[0])
    assert missing_need(subject, needing(Need.LOGGING)) == "where logs go"
