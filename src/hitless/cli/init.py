"""`hitless init`: write the safe baseline."""

from __future__ import annotations

import click

from hitless.cli.new_files import show_or_write
from hitless.errors import ExitCode, UsageError

__all__ = ["command"]


@click.command("init")
@click.argument("directory", type=click.Path(), required=False)
@click.option("--haproxy", help="The HAProxy it is for  [default: the installed one]")
@click.option("--haproxy-version", metavar="X.Y[.Z]", help="Its version, where the program is not here.")
@click.option(
    "--idle-close",
    type=click.Choice(["response", "spread"]),
    default="response",
    show_default=True,
    help="Idle connections at a reload: kept until their next response (no request lost), or closed over 20 s.",
)
def command(directory: str | None, haproxy: str | None, haproxy_version: str | None, idle_close: str) -> int:
    """Write the safe baseline below DIRECTORY, laid out as below /; without DIRECTORY print it.

    A configuration skeleton, a drop-in for the unit, kernel settings, syslog and log rotation, for the version
    installed. No file that is there already is touched.
    """
    from hitless.audit.baseline import baseline_files

    version, program, systemd = _program(haproxy, haproxy_version)
    files = baseline_files(version, idle_close=idle_close, program=program, systemd=systemd)
    show_or_write(files, directory)
    return ExitCode.CLEAN


def _program(haproxy: str | None, text: str | None) -> tuple[tuple[int, int, int], str, bool]:
    """Return version, path, and whether a unit can start it with -Ws."""
    from hitless.cli.gather_words import parse_version_word

    packaged = "/usr/sbin/haproxy"
    if text is not None:
        if haproxy is not None:
            raise UsageError("--haproxy and --haproxy-version both say the version: give one of them.")
        return parse_version_word(text), packaged, True
    from hitless.control import find_haproxy

    binary = find_haproxy(haproxy)
    return (
        binary.version,
        packaged if binary.embedded else binary.path,
        binary.has_systemd_notify or binary.embedded,
    )
