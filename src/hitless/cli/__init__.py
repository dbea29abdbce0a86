"""The command line: parse, call, print. The only place that prints, exits, or turns errors into exit codes."""

from __future__ import annotations

import io
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from hitless import __version__
from hitless.errors import ExitCode, HitlessError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType, TracebackType

__all__ = ["main"]

_INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_COMMANDS = {
    "audit": (
        "hitless.cli.audit",
        "Which causes of dropped reloads are present here, and what removes them.",
    ),
    "fix": ("hitless.cli.fix", "The smallest change that removes them, as a diff; made with --apply."),
    "prove": ("hitless.cli.prove", "Does a reload of this configuration drop anything, and why?"),
    "reload": ("hitless.cli.reload", "Reload the running HAProxy, and prove that the new process serves."),
    "ready": ("hitless.cli.ready", "Wait until the current generation is proven to serve."),
    "drain": (
        "hitless.cli.drain",
        "What keeps old processes alive, whom the hard stop will cut; closes sessions.",
    ),
    "hold": ("hitless.cli.hold", "Hold the listening sockets, so that a restart or a crash refuses nobody."),
    "migrate": (
        "hitless.cli.migrate",
        "Move the running HAProxy to another mode, configuration or program.",
    ),
    "run": ("hitless.cli.run", "Run HAProxy in a unit or a container: keeps its sockets over a crash."),
    "history": (
        "hitless.cli.history",
        "The reloads there were: how each ended, and what happened to clients.",
    ),
    "explain": (
        "hitless.cli.explain",
        "What happened at 03:00: reloads and their victims, from logs, captures, receipts.",
    ),
    "report": ("hitless.cli.report", "Draw the report of a proof again: text, JSON, JUnit, Markdown, HTML."),
    "lab": ("hitless.cli.lab", "Reproduce any known cause on a real HAProxy, broken and fixed side by side."),
    "snapshot": ("hitless.cli.snapshot", "Write down all that an audit looks at, for another machine."),
    "init": ("hitless.cli.init", "Write the safe baseline: configuration, unit, kernel settings, logging."),
    "logs": ("hitless.cli.logs", "Set up the logging from which a drop can be explained afterwards."),
    "rule": ("hitless.cli.rule", "What a rule means, why it drops connections, and its fix."),
    "rules": ("hitless.cli.rules", "All rules by family."),
}


class _LazyGroup(click.Group):
    """Imports a command only when it is called, so that `--help` and completion stay quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        import importlib

        if cmd_name not in _COMMANDS:
            return None
        module = importlib.import_module(_COMMANDS[cmd_name][0])
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hitless", message="%(prog)s %(version)s")
def cli() -> None:
    """Reloads of HAProxy that drop nothing, and proof of it.

    Exit status: 0 clean, 1 drops or findings, 2 wrong usage or configuration, 3 no verdict could be reached,
    130 interrupted.
    """


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command and exit with its status."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # LANG=C must not turn a verdict into a traceback
    for number in _INTERRUPTIONS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # nohup, or a shell's background job
            signal.signal(number, _interrupt)
    sys.excepthook = _defect
    status = run(arguments)
    # Python ends by SIGINT, whatever was decided, if one comes now, or has come while it ran an exec() (CPython 3.11
    # Python/pythonrun.c run_eval_code_obj(), Modules/main.c exit_sigint(): every dataclass that is imported).
    signal.pthread_sigmask(signal.SIG_BLOCK, _INTERRUPTIONS)
    sys.exit(status)


def _defect(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> NoReturn:
    """Show what nobody foresaw, and exit as for any missing verdict: Python's own status 1 would say "found"."""
    sys.__excepthook__(kind, error, trace)
    click.echo("hitless: this is a defect of hitless: please report it with the lines above.", err=True)
    sys.exit(ExitCode.UNKNOWN)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for number in _INTERRUPTIONS:  # taking down is bounded, and must not be cut short by a second Ctrl-C
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    try:
        result = _call(arguments)
    except click.ClickException as error:
        error.show()
        return ExitCode.USAGE
    except HitlessError as error:
        return _fail(error.message, error.hint, error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        return _fail("interrupted; everything has been taken down.", "", ExitCode.INTERRUPTED)
    except MemoryError:
        return _fail("there is too little memory for this.", "", ExitCode.UNKNOWN)
    except SystemExit as stop:
        # click's own, when nobody reads standard output any more: its 1 would say that something was found.
        return ExitCode.UNKNOWN if stop.code else ExitCode.CLEAN
    return int(result) if isinstance(result, int) else ExitCode.CLEAN


def _call(arguments: Sequence[str] | None) -> object:
    try:
        return cli.main(args=arguments, prog_name="hitless", standalone_mode=False)
    except RuntimeError as error:
        # What comes while a class is made: CPython 3.11 Objects/typeobject.c type_new_set_names().
        if isinstance(error.__cause__, KeyboardInterrupt):
            raise error.__cause__ from None
        raise


def _fail(message: str, hint: str, code: ExitCode) -> int:
    from hitless.report.plain import neutralise

    for line in [*f"hitless: {message}".split("\n"), *(hint.split("\n") if hint else [])]:
        click.echo(neutralise(line), err=True)
    return code
