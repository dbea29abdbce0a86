from click import Command
from click.testing import CliRunner

from hitless.cli.target_words import TARGET_PARAMETERS, read_target_options
from hitless.reload.look import TargetOptions


def read(*arguments: str) -> TargetOptions:
    found: list[TargetOptions] = []
    command = Command(
        "x", params=[*TARGET_PARAMETERS], callback=lambda **w: found.append(read_target_options(w))
    )
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    return found[0]


def test_without_a_word_there_must_be_just_one() -> None:
    assert read() == TargetOptions()


def test_each_word_means_what_it_says() -> None:
    assert read("--pid", "12", "--pid-file", "/run/h.pid") == TargetOptions(pid=12, pid_file="/run/h.pid")
    assert read("--unit", "haproxy", "--uses", "/etc/h.cfg") == TargetOptions(
        unit="haproxy", configuration="/etc/h.cfg"
    )
    assert read("--master-socket", "/run/m.sock") == TargetOptions(master_socket="/run/m.sock")
