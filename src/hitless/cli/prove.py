"""`hitless prove`: the words of the command, its progress, its output and its exit status."""

from __future__ import annotations

import shlex
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hitless.cli.output import FORMATS, write_result
from hitless.errors import ExitCode, UsageError
from hitless.records import ClientClass, Workload
from hitless.units import parse_duration_s

if TYPE_CHECKING:
    from types import FrameType

    from hitless.cli.progress import ShowProgress
    from hitless.verdict import ProofResult

__all__ = ["command"]

_VIAS = ("auto", "usr2", "hup", "master-cli", "sf", "sf-x", "restart")


class _Duration(click.ParamType[float]):
    """A duration as HAProxy writes it; a bare number is seconds."""

    name = "duration"

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float | int):
            return float(value)
        try:
            return parse_duration_s(value, default_unit="s")
        except ValueError:
            self.fail(f"{value!r} is not a duration (examples: 500ms, 5s, 1m)", param, ctx)


_DURATION = _Duration()


@click.command("prove")
@click.argument("configuration", nargs=-1, type=click.Path())
@click.option(
    "-f",
    "files",
    multiple=True,
    type=click.Path(),
    help="A configuration file or directory; several, as for HAProxy.",
)
@click.option(
    "--change",
    "change",
    multiple=True,
    type=click.Path(),
    help="The configuration to reload into (default: the same).",
)
@click.option(
    "--haproxy", help="The HAProxy to run: a path, or `embedded`  [default: the one on PATH, else embedded]"
)
@click.option(
    "--mode",
    type=click.Choice(["master-worker", "classic"]),
    help="How HAProxy runs  [default: master-worker]",
)
@click.option(
    "--via", type=click.Choice(_VIAS), default="auto", show_default=True, help="How it is reloaded."
)
@click.option(
    "--reloads", type=click.IntRange(1, 1000), default=5, show_default=True, help="How many reloads."
)
@click.option(
    "--control",
    "control_s",
    type=_DURATION,
    default="5s",
    show_default=True,
    help="How long the load runs without a reload first.",
)
@click.option(
    "--spacing", "spacing_s", type=_DURATION, default="2s", show_default=True, help="Pause after each reload."
)
@click.option(
    "--settle",
    "settle_s",
    type=_DURATION,
    default="3s",
    show_default=True,
    help="How long the load goes on after the last.",
)
@click.option(
    "--request",
    "requests",
    multiple=True,
    metavar="[FRONTEND=][METHOD ]PATH",
    help="What to ask a frontend (every one without FRONTEND=).",
)
@click.option(
    "-H",
    "--header",
    "headers",
    multiple=True,
    metavar="[FRONTEND=]NAME: VALUE",
    help="A header of these requests, e.g. Host.",
)
@click.option(
    "--connections",
    type=click.IntRange(1, 10_000),
    default=40,
    show_default=True,
    help="Kept-alive connections per frontend.",
)
@click.option(
    "--rate",
    "rate_per_s",
    type=click.FloatRange(0.1, 100_000),
    default=200.0,
    show_default=True,
    help="Requests per second on them.",
)
@click.option("--full-rate", is_flag=True, help="New connections as fast as they are answered.")
@click.option(
    "--workload",
    "workloads",
    multiple=True,
    type=click.Choice([w.value for w in Workload]),
    help="Only these workloads.",
)
@click.option(
    "--class",
    "client_class",
    type=click.Choice([c.value for c in ClientClass]),
    default="naive",
    show_default=True,
    help="Which clients must lose nothing.",
)
@click.option(
    "--extraopts", default="", metavar="ARGS", help="HAProxy arguments as the service's EXTRAOPTS has them."
)
@click.option(
    "--env", "variables", multiple=True, metavar="NAME=VALUE", help="An environment variable of the service."
)
@click.option(
    "--env-file", "env_files", multiple=True, type=click.Path(), help="A file of them (/etc/default/haproxy)."
)
@click.option(
    "--sysctl",
    "sysctls",
    multiple=True,
    metavar="NAME=VALUE",
    help="A network sysctl in the namespace (net.ipv4.tcp_migrate_req=1).",
)
@click.option("--url", help="Prove a live proxy at this URL instead; needs --reload-command.")
@click.option("--reload-command", metavar="CMD", help="What reloads the live proxy (run without a shell).")
@click.option("--remote", is_flag=True, help="Allow --url to name another host.")
@click.option("--replay", type=click.Path(), help="Judge this bundle again; runs nothing.")
@click.option("-o", "--output", type=click.Path(), help="Where the bundle goes  [default: prove-DATE-TIME]")
@click.option("--format", "output_format", type=click.Choice(FORMATS), default="text", show_default=True)
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(
    configuration: tuple[str, ...], output_format: str, replay: str | None, quiet: bool, **words: object
) -> int:
    r"""Reload a real HAProxy with this CONFIGURATION under load, again and again, and say whether a client was hurt.

    Runs the unmodified configuration in a private network namespace where every address answers; nothing on this host
    is touched. With --url and --reload-command a live proxy is proven instead.

    \b
    hitless prove /etc/haproxy/haproxy.cfg
    hitless prove haproxy.cfg --via restart --reloads 3
    hitless prove --url http://192.0.2.10/ --reload-command "systemctl reload haproxy"

    Exit status: 0 nothing was hurt and the evidence is complete, 1 clients were hurt or a reload failed, 2 wrong usage
    or configuration, 3 no verdict could be reached, 130 interrupted.
    """
    from hitless.prove.options import read_options
    from hitless.prove.proof import prove, replay_bundle

    if replay is not None:
        result = replay_bundle(Path(replay), ClientClass(str(words["client_class"])))
        write_result(result, output_format, bundle=replay)
        return _status(result)
    options = read_options(configuration, words, split=_split)
    signal.signal(signal.SIGTERM, _interrupt)
    with _progress(quiet=quiet) as show:
        result, bundle = prove(options, show)
    write_result(result, output_format, bundle=str(bundle))
    return _status(result)


def _split(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"{text!r} cannot be split into words: {error}.") from error


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _progress(*, quiet: bool) -> ShowProgress:
    from hitless.cli.progress import ShowProgress

    return ShowProgress(enabled=not quiet and sys.stderr.isatty())


def _status(result: ProofResult) -> int:
    from hitless.verdict import Conclusion

    return {
        Conclusion.HITLESS: ExitCode.CLEAN,
        Conclusion.NOT_HITLESS: ExitCode.FOUND,
        Conclusion.NO_VERDICT: ExitCode.UNKNOWN,
    }[result.conclusion]
