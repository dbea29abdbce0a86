"""What can be said without a running HAProxy; tests/system/test_reload_look.py has the rest."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from hitless.errors import UsageError
from hitless.facts import ConfigurationFile, Launch
from hitless.facts.unit import Unit
from hitless.reload.look import TargetOptions, instance_key, read_target, with_configuration
from hitless.reload.target import Target
from tests.reload.test_target import target


def with_launch(*words: str, unit: str = "") -> Target:
    seen = target()
    instance = msgspec.structs.replace(
        seen.instance,
        launch=Launch(arguments=("haproxy", *words), source="here"),
        unit=Unit(name=unit, source="here") if unit else None,
        configuration=(ConfigurationFile(path="/etc/h.cfg", text="global\n", sha256=""),),
    )
    return with_configuration(replace(seen, instance=instance), {})


def test_a_new_configuration_stands_in_the_old_ones_place() -> None:
    seen = with_configuration(with_launch("-f", "/etc/h.cfg"), {"/etc/h.cfg": b"frontend new\n bind :8080\n"})
    assert [f.name for f in seen.subject.frontends] == ["new"]


def test_a_file_that_it_does_not_use_is_refused() -> None:
    with pytest.raises(UsageError, match="no configuration file"):
        with_configuration(with_launch("-f", "/etc/h.cfg"), {"/etc/other.cfg": b""})


def test_the_key_is_the_same_across_reloads_and_differs_between_services() -> None:
    first = with_launch("-W", "-f", "/etc/h.cfg", "-p", "/run/h.pid")
    again = with_launch("-sf", "12", "-x", "sockpair@4", "-W", "-f", "/etc/h.cfg", "-p", "/run/h.pid")
    other = with_launch("-W", "-f", "/etc/h.cfg", "-p", "/run/other.pid")
    assert instance_key(first) == instance_key(again) != instance_key(other)
    assert instance_key(with_launch("-f", "/etc/h.cfg", unit="haproxy.service")).startswith(
        "haproxy.service-"
    )


@pytest.mark.parametrize("text", ["", "x\n", "1 2 x\n", "99999999999\n"])
def test_what_is_no_pid_file_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "h.pid"
    path.write_text(text)
    with pytest.raises(UsageError):
        read_target(TargetOptions(pid_file=str(path)))


def test_a_pid_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        read_target(TargetOptions(pid_file=str(tmp_path / "none")))
