import select
import socket
from pathlib import Path

from hitless.run.notify_socket import NotifySocket


def test_without_a_manager_there_is_nothing() -> None:
    with NotifySocket({}) as notify:
        assert (notify.path, notify.fileno()) == ("", -1)
        assert not notify.say("READY=1")
        notify.pass_on()


def test_it_stands_between_haproxy_and_the_manager(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "manager"))
        manager.settimeout(30)
        with NotifySocket({"NOTIFY_SOCKET": str(tmp_path / "manager")}) as notify:
            place = Path(notify.path)
            assert place.stat().st_mode & 0o777 == 0o600
            assert place.parent.stat().st_mode & 0o777 == 0o700
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as haproxy:
                haproxy.sendto(b"READY=1\nMAINPID=9", notify.path)
                haproxy.sendto(b"READY=1\nSTATUS=Ready.\n", notify.path)
            assert select.select([notify], [], [], 30)[0]
            notify.pass_on()
            assert manager.recv(100) == b"STATUS=Ready."
            assert notify.say("READY=1")
            assert manager.recv(100) == b"READY=1"
        assert not place.parent.exists()


def test_a_manager_that_does_not_listen_any_more_is_no_reason_to_end(tmp_path: Path) -> None:
    with NotifySocket({"NOTIFY_SOCKET": str(tmp_path / "nobody")}) as notify:
        assert not notify.say("READY=1")


def test_an_abstract_address() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind("")
        manager.settimeout(30)
        name = manager.getsockname()[1:].decode()
        with NotifySocket({"NOTIFY_SOCKET": f"@{name}"}) as notify:
            assert notify.say("READY=1")
        assert manager.recv(100) == b"READY=1"
