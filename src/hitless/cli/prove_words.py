"""The words of `hitless prove`: its argument, options and help. What they mean is in `hitless.prove.options`."""

from __future__ import annotations

import click

from hitless.cli.duration import Duration
from hitless.cli.output import FORMATS
from hitless.records import ClientClass, Workload

__all__ = ["HELP", "PARAMETERS"]

# "\b" keeps click from wrapping the paragraph that follows it.
HELP = """Reload a real HAProxy with this CONFIGURATION under load, again and again, and say whether a client was hurt.

Runs the unmodified configuration in a private network namespace where every address answers; nothing on this host is
touched. With --url and --reload-command a live proxy is proven instead.

\b
hitless prove /etc/haproxy/haproxy.cfg
hitless prove haproxy.cfg --via restart --reloads 3
hitless prove --url http://192.0.2.10/ --reload-command "systemctl reload haproxy"

Exit status: 0 nothing was hurt and the evidence is complete, 1 clients were hurt or a reload failed, 2 wrong usage or
configuration, 3 no verdict could be reached, 130 interrupted.
"""

_VIAS = ("auto", "usr2", "hup", "master-cli", "sf", "sf-x", "restart")


def _many(*names: str, metavar: str | None = None, help: str) -> click.Option:  # noqa: A002 - click's word
    return click.Option(names, multiple=True, metavar=metavar, help=help)


def _files(*names: str, help: str) -> click.Option:  # noqa: A002 - as above
    return click.Option(names, multiple=True, type=click.Path(), help=help)


def _one_of(name: str, choices: tuple[str, ...], default: str | None, help: str) -> click.Option:  # noqa: A002 - as above
    shown = default is not None
    return click.Option(
        name.split(), type=click.Choice(choices), default=default, show_default=shown, help=help
    )


def _seconds(name: str, default: str, help: str) -> click.Option:  # noqa: A002 - as above
    return click.Option(
        [f"--{name}", f"{name}_s"], type=Duration(), default=default, show_default=True, help=help
    )


def _number(name: str, kind: click.ParamType[float], default: float, help: str) -> click.Option:  # noqa: A002 - as above
    return click.Option(name.split(), type=kind, default=default, show_default=True, help=help)


_WORKLOADS = click.Choice([workload.value for workload in Workload])
_CLASSES = tuple(client_class.value for client_class in ClientClass)
_NAME_VALUE = "NAME=VALUE"

PARAMETERS: tuple[click.Parameter, ...] = (
    click.Argument(["configuration"], nargs=-1, type=click.Path()),
    _files("-f", "files", help="A configuration file or directory; several, as for HAProxy."),
    _files("--change", help="The configuration to reload into (default: the same)."),
    click.Option(
        ["--haproxy"],
        help="The HAProxy to run: a path, or `embedded`  [default: the one on PATH, else embedded]",
    ),
    _one_of("--mode", ("master-worker", "classic"), None, "How HAProxy runs  [default: master-worker]"),
    _one_of("--via", _VIAS, "auto", "How it is reloaded."),
    _number("--reloads", click.IntRange(1, 1000), 5, "How many reloads."),
    _seconds("control", "5s", "How long the load runs without a reload first."),
    _seconds("spacing", "2s", "Pause after each reload."),
    _seconds("settle", "3s", "How long the load goes on after the last."),
    _many(
        "--request",
        "requests",
        metavar="[FRONTEND=][METHOD ]PATH",
        help="What to ask a frontend (every one without FRONTEND=).",
    ),
    _many(
        "-H",
        "--header",
        "headers",
        metavar="[FRONTEND=]NAME: VALUE",
        help="A header of these requests, e.g. Host.",
    ),
    _number("--connections", click.IntRange(1, 10_000), 40, "Kept-alive connections per frontend."),
    _number("--rate rate_per_s", click.FloatRange(0.1, 100_000), 200.0, "Requests per second on them."),
    click.Option(["--full-rate"], is_flag=True, help="New connections as fast as they are answered."),
    click.Option(["--workload", "workloads"], multiple=True, type=_WORKLOADS, help="Only these workloads."),
    _one_of("--class client_class", _CLASSES, "naive", "Which clients must lose nothing."),
    click.Option(
        ["--extraopts"],
        default="",
        metavar="ARGS",
        help="HAProxy arguments as the service's EXTRAOPTS has them.",
    ),
    _many("--env", "variables", metavar=_NAME_VALUE, help="An environment variable of the service."),
    _files("--env-file", "env_files", help="A file of them (/etc/default/haproxy)."),
    _many(
        "--sysctl",
        "sysctls",
        metavar=_NAME_VALUE,
        help="A network sysctl in the namespace (net.ipv4.tcp_migrate_req=1).",
    ),
    click.Option(["--url"], help="Prove a live proxy at this URL instead; needs --reload-command."),
    click.Option(
        ["--reload-command"], metavar="CMD", help="What reloads the live proxy (run without a shell)."
    ),
    click.Option(["--remote"], is_flag=True, help="Allow --url to name another host."),
    click.Option(["--replay"], type=click.Path(), help="Judge this bundle again; runs nothing."),
    click.Option(
        ["-o", "--output"], type=click.Path(), help="Where the bundle goes  [default: prove-DATE-TIME]"
    ),
    _one_of("--format output_format", FORMATS, "text", "How the verdict is printed."),
    click.Option(["-q", "--quiet"], is_flag=True, help="No progress."),
)
