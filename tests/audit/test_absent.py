from hitless.audit.absent import needed_addresses, transparent_fix
from hitless.findings import ConfigEdit
from hitless.subject import Subject
from tests.audit.fixtures import read_snapshot


def test_each_line_is_edited_once() -> None:
    snapshot = read_snapshot(
        "```cfg\nfrontend a\n    bind 192.0.2.1:80,192.0.2.1:8000-8010\n    bind 192.0.2.1:443 ssl  # why\n"
        "    bind :81\n    bind 127.0.0.9:82\n    bind 192.0.2.2:80 transparent\n```\n"
    )
    assert snapshot is not None
    subject = Subject(snapshot, snapshot.instances[0])
    ((ip, binds),) = needed_addresses(subject).items()
    assert str(ip) == "192.0.2.1"
    edits = [edit for edit in transparent_fix(subject, binds).edits if isinstance(edit, ConfigEdit)]
    assert [(edit.line, edit.text) for edit in edits] == [
        (2, "bind 192.0.2.1:80,192.0.2.1:8000-8010 transparent"),
        (3, "bind 192.0.2.1:443 ssl transparent"),
    ]
