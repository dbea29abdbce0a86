import pytest

from hitless.facts import RunMode
from hitless.reload.conversion import Conversion, convert_arguments

CLASSIC = ("/usr/sbin/haproxy", "-D", "-f", "/etc/h.cfg", "-p", "/run/h.pid")


def test_a_master_with_a_cli() -> None:
    wanted = Conversion(RunMode.MASTER_WORKER, master_cli="/run/m.sock,mode,600")
    assert convert_arguments(CLASSIC, wanted, "/usr/sbin/haproxy") == (
        *("/usr/sbin/haproxy", "-W", "-S", "/run/m.sock,mode,600"),
        *("-D", "-f", "/etc/h.cfg", "-p", "/run/h.pid"),
    )


def test_one_that_tells_systemd_stays_in_the_foreground() -> None:
    wanted = Conversion(RunMode.MASTER_WORKER, notify_socket="/run/systemd/notify")
    found = convert_arguments(CLASSIC, wanted, "/usr/sbin/haproxy")
    assert found[:2] == ("/usr/sbin/haproxy", "-Ws")
    assert "-D" not in found


@pytest.mark.parametrize("mode", ["-W", "-Ws"])
def test_a_master_becomes_classic_and_loses_its_cli(mode: str) -> None:
    words = ("/h", mode, "-S", "/run/m.sock", "-f", "a", "--", "-W", "-S")
    assert convert_arguments(words, Conversion(RunMode.CLASSIC), "/h") == ("/h", "-f", "a", "--", "-W", "-S")


def test_a_master_keeps_its_own_cli_unless_another_is_wanted() -> None:
    words = ("/h", "-W", "-S", "/run/m.sock", "-f", "a")
    assert convert_arguments(words, Conversion(RunMode.MASTER_WORKER), "/h") == words
    other = convert_arguments(words, Conversion(RunMode.MASTER_WORKER, master_cli="/run/o"), "/h")
    assert other == ("/h", "-W", "-S", "/run/o", "-f", "a")


def test_the_first_word_is_what_a_master_executes_again() -> None:
    assert convert_arguments(("haproxy",), Conversion(RunMode.MASTER_WORKER), "/h")[0] == "/h"
    assert convert_arguments(("/link",), Conversion(RunMode.MASTER_WORKER), "/real")[0] == "/link"
    assert convert_arguments(("/link",), Conversion(RunMode.CLASSIC, program="/new"), "/new")[0] == "/new"
