from pathlib import Path

import pytest

from hitless.errors import UsageError
from hitless.facts import Unit
from hitless.gather.unit import launch_of_unit, read_unit_file


def test_drop_ins_come_in_the_order_of_their_names(tmp_path: Path) -> None:
    path = tmp_path / "lb.service"
    path.write_text("[Service]\nExecStart=/usr/sbin/haproxy -W -f a\n")
    folder = tmp_path / "lb.service.d"
    folder.mkdir()
    (folder / "20.conf").write_text("[Service]\nExecStart=\nExecStart=/usr/sbin/haproxy -Ws -f b\n")
    (folder / "10.conf").write_text("[Service]\nExecStart=\n")
    unit = read_unit_file(str(path))
    launch = launch_of_unit(unit)
    assert unit.name == "lb.service"
    assert launch is not None
    assert launch.arguments == ("/usr/sbin/haproxy", "-Ws", "-f", "b")


def test_a_unit_without_a_command_starts_nothing() -> None:
    assert launch_of_unit(Unit(name="x", source="x")) is None


def test_what_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path):
        with pytest.raises(UsageError):
            read_unit_file(str(path))
