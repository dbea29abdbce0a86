from hitless.audit.directories import managed_directories
from hitless.audit.subject import Subject
from tests.audit.fixtures import read_snapshot


def test_unit_tmpfiles_and_commands_make_directories() -> None:
    snapshot = read_snapshot(
        "```unit\n[Service]\nRuntimeDirectory=lb/sockets\nExecStartPre=/bin/mkdir -p /run/made\n```\n"
        '```json host\n{"tmpfiles": [{"path": "/etc/tmpfiles.d/h.conf", "text":'
        ' "# d /run/comment\\nd /var/run/haproxy 2775 haproxy haproxy -\\ne /run/adjusted 0755\\n\\nd"}]}\n```\n'
    )
    assert snapshot is not None
    managed = managed_directories(Subject(snapshot, snapshot.instances[0]))
    assert {"/run/lb", "/run/lb/sockets", "/run/made", "/run/haproxy"} <= managed
    assert not {"/run", "/run/comment", "/run/adjusted"} & managed
