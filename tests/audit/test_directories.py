from hitless.audit.directories import is_made_at_boot, managed_directories
from hitless.subject import Subject
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


def test_only_a_tree_that_does_not_run_lacks_what_a_boot_makes() -> None:
    for host, expected in (("{}", False), ('{"listening": null}', True)):
        snapshot = read_snapshot(f"```json host\n{host}\n```\n")
        assert snapshot is not None
        subject = Subject(snapshot, snapshot.instances[0])
        made = [p for p in ("/run", "/run/x", "/var/run/x", "/runs", "/etc/x") if is_made_at_boot(subject, p)]
        assert made == (["/run", "/run/x", "/var/run/x"] if expected else [])
