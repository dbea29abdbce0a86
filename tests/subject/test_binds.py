from hitless.subject import Subject
from hitless.subject.binds import (
    directory_of,
    every_bind,
    first_words,
    listeners_behind,
    own_pids,
    socket_place,
    unix_sockets,
)
from tests.audit.fixtures import read_snapshot

TEXT = """
```cfg
global
    stats socket /run/haproxy/admin.sock mode 660 level admin
    stats socket ipv4@127.0.0.1:9999
frontend a
    bind :80,/run/haproxy/a.sock user www
frontend off
    bind :81
    disabled
log-forward in
    dgram-bind :514
peers p
    bind 192.0.2.1:10000
    peer x
```
```argv
haproxy -W -S /run/m.sock,mode,600 -S 127.0.0.1:9 -f /etc/haproxy/haproxy.cfg
```
```json instance
{"processes": [{"pid": 7, "parent_pid": 1, "role": "master"}]}
```
```json host
{"unix_listening": [
    {"name": "/run/haproxy/admin.sock.7.tmp", "inode": 1, "pids": [7]},
    {"name": "/run/haproxy/a.sock", "inode": 2},
    {"name": "/run/haproxy/admin.sock.x.tmp", "inode": 3}]}
```
"""


def subject() -> Subject:
    snapshot = read_snapshot(TEXT)
    assert snapshot is not None
    return Subject(snapshot, snapshot.instances[0])


def test_every_bind_in_force_is_listed() -> None:
    assert [owned.owner for owned in every_bind(subject())] == [
        "stats socket",
        "stats socket",
        "peers",
        "frontend a",
        "log-forward",
    ]


def test_unix_sockets_are_those_of_the_files_and_of_the_command_line() -> None:
    found = unix_sockets(subject())
    assert [s.path for s in found] == ["/run/haproxy/admin.sock", "/run/haproxy/a.sock", "/run/m.sock"]
    assert found[0].options["mode"] == ("660",)
    assert found[2].options["mode"] == ("600",)
    assert socket_place(subject(), found[0]).line == 2
    assert socket_place(subject(), found[2]).file == "the fixture"
    assert first_words(subject(), found[0].where)[:2] == ("stats", "socket")


def test_var_run_is_run() -> None:
    assert directory_of("/var/run/haproxy/a.sock") == "/run/haproxy"
    assert directory_of("/run/a.sock") == "/run"
    assert directory_of("/var/runner/a.sock") == "/var/runner"


def test_listeners_are_found_by_the_name_the_kernel_keeps() -> None:
    assert [x.inode for x in listeners_behind(subject(), "/run/haproxy/admin.sock")] == [1]
    assert [x.inode for x in listeners_behind(subject(), "/run/haproxy/a.sock")] == [2]
    assert own_pids(subject()) == {7}
