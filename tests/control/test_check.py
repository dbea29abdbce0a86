from hitless.control.binary import HaproxyBinary
from hitless.control.check import check_command, read_check
from hitless.control.command import Completed

BINARY = HaproxyBinary("/usr/sbin/haproxy", (2, 6, 12), "2.6.12", frozenset(), embedded=False)


def test_the_command_names_every_file_and_the_service_mode() -> None:
    command = check_command(BINARY, ["a.cfg", "conf.d"], flags=["-Ws"], extra_arguments=["-S", "/run/m.sock"])
    assert command == [BINARY.path, "-Ws", "-c", "-f", "a.cfg", "-f", "conf.d", "-S", "/run/m.sock"]


def test_a_refused_configuration_shows_what_is_wrong_first() -> None:
    stderr = (
        "[NOTICE]   (6907) : haproxy version is 2.6.12-1+deb12u4\n"
        "[ALERT]    (6907) : config : parsing [x.cfg:2] : unknown keyword 'expose-fd' in 'global' section\n"
        "[ALERT]    (6907) : config : Error(s) found in configuration file : x.cfg\n"
        "[ALERT]    (6907) : config : Fatal errors found in configuration.\n"
    )
    result = read_check(Completed(1, "", stderr))
    assert not result.ok
    assert [m.where for m in result.alerts] == ["x.cfg:2"]
    assert result.raw == stderr


def test_the_closing_line_is_kept_where_it_is_all_there_is() -> None:
    result = read_check(Completed(1, "", "[ALERT]    (1) : Fatal errors found in configuration.\n"))
    assert [m.text for m in result.alerts] == ["Fatal errors found in configuration."]


def test_the_exit_status_decides_and_warnings_are_kept() -> None:
    stderr = "[WARNING]  (6911) : config : missing timeouts for frontend 'f'.\n   | explained\n"
    result = read_check(Completed(0, "Warnings were found.\nConfiguration file is valid\n", stderr))
    assert result.ok
    assert not result.alerts
    assert [m.text for m in result.warnings] == [
        "config : missing timeouts for frontend 'f'.\n   | explained"
    ]
    assert read_check(Completed(0, "", "")).ok, "3.0 and later say nothing when all is well"
