"""`hitless lab`: reproduce any known cause on a real HAProxy, broken and fixed side by side."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hitless.cli.output import STDOUT, text_style, write_text
from hitless.cli.status_line import StatusLine
from hitless.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hitless.lab.scenario import Scenario
    from hitless.lab.suite import Progress
    from hitless.labs import LabReport

__all__ = ["command"]

_FORMATS = ("text", "json", "markdown", "matrix")
_MOST_JOBS = 16
_MOST_TIMES = 1000
_REPORT_LIMIT_BYTES = 256 * 1024 * 1024

_output_options = (
    click.option("--format", "output_format", type=click.Choice(_FORMATS), default="text", show_default=True),
    click.option(
        "-o",
        "--output",
        type=click.Path(),
        default=STDOUT,
        help="The file to write.",
    ),
)


@click.group("lab")
def command() -> None:
    """Reproduce any known cause of dropped connections on a real HAProxy, broken and fixed side by side.

    Everything runs on machines of its own (namespaces), and leaves nothing behind.
    """


@command.command("list")
@click.argument("names", nargs=-1, metavar="[SCENARIO]...")
@click.option("--format", "output_format", type=click.Choice(_FORMATS[:3]), default="text", show_default=True)
def list_command(names: tuple[str, ...], output_format: str) -> None:
    """List the scenarios: what happens, in which versions, in which modes, and what each needs."""
    from hitless.lab.catalogue import entry, find_scenarios, scenarios

    entries = [entry(one) for one in (find_scenarios(names) if names else scenarios())]
    if output_format == "json":
        from hitless.report.lab import json

        write_text(json.render_list(entries))
    elif output_format == "markdown":
        from hitless.report.lab import markdown

        write_text(markdown.render_list(entries))
    else:
        from hitless.report.lab import text

        write_text(text.render_list(entries, width=text_style(STDOUT)[0]))


@command.command("run")
@click.argument("names", nargs=-1, metavar="[SCENARIO]...")
@click.option("--all", "everything", is_flag=True, help="Every scenario.")
@click.option("--smoke", is_flag=True, help="One quick scenario of each family.")
@click.option(
    "--haproxy",
    "haproxies",
    multiple=True,
    metavar="VERSION|PATH",
    help='2.2, 2.6, 2.8, 3.0, 3.2 (scripts/haproxy-versions installs them), several with commas, "all", or a program. '
    "Repeatable.  [default: one that is here, 2.8 first]",
)
@click.option("--mode", type=click.Choice(["master-worker", "classic"]), help="Only in this mode.")
@click.option(
    "--jobs", type=click.IntRange(1, _MOST_JOBS), default=2, show_default=True, help="So many at a time."
)
@click.option(
    "--times",
    type=click.IntRange(1, _MOST_TIMES),
    default=1,
    show_default=True,
    help="Run each so often, and say how often it came out as it must.",
)
@click.option(
    "--bundles",
    type=click.Path(),
    metavar="DIRECTORY",
    help="Keep the evidence of each run here (a new directory).",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@_output_options[0]
@_output_options[1]
def run_command(names: tuple[str, ...], **words: Any) -> int:
    """Run scenarios, each broken and fixed.

    SCENARIO is a code (HL501), a family (HL5), a name, or a file of your own (….toml; see docs/scenarios.md).

    Exit status: 0 all came out as they must; 1 one did not; 2 wrong usage; 3 something could not be run or judged.
    """
    from hitless.lab.haproxies import find_haproxies, known_haproxies
    from hitless.lab.suite import plan_suite, run_suite

    chosen = _chosen(names, words)
    haproxies, absent = find_haproxies(words["haproxies"])
    known = {name: haproxy.path for name, haproxy in known_haproxies().items()}
    plan = plan_suite(chosen, haproxies, mode=words["mode"] or "", known=known, absent_versions=absent)
    if not plan.cases and not plan.absent:
        raise UsageError("Nothing of this can be run on these versions, in this mode.")
    bundles = _new_directory(words["bundles"])
    watched = not words["quiet"] and sys.stderr is not None and sys.stderr.isatty()
    with StatusLine("starting", enabled=watched) as line:

        def show(progress: Progress) -> None:
            line.say(f"{progress.done} of {progress.total} · {' · '.join(progress.running)}")

        report = run_suite(plan, haproxies, show, jobs=words["jobs"], times=words["times"], bundles=bundles)
    _write(report, words["output_format"], words["output"])
    return _status(report)


def _chosen(names: Sequence[str], words: Mapping[str, Any]) -> Sequence[Scenario]:
    from hitless.lab.catalogue import find_scenarios, scenarios

    if sum((bool(names), words["everything"], words["smoke"])) != 1:
        raise UsageError(
            "Which scenarios? Name some, or give --all or --smoke.",
            hint="`hitless lab list` shows what there is.",
        )
    if names:
        return find_scenarios(names)
    return [one for one in scenarios() if words["everything"] or one.smoke]


def _new_directory(path: str | None) -> Path | None:
    if path is None:
        return None
    directory = Path(path).absolute()
    try:
        directory.mkdir(mode=0o700)
    except OSError as error:
        raise UsageError(
            f"--bundles {path} cannot be made: {error.strerror}.", hint="Name a new directory."
        ) from error
    return directory


@command.command("steps")
def steps_command() -> None:
    """Print every step that a scenario can be made of, and what it observes."""
    from hitless.lab.verbs import VERBS
    from hitless.report.lab import text

    width, _ = text_style(STDOUT)
    write_text(text.render_steps({name: verb.__doc__ or "" for name, verb in VERBS.items()}, width=width))


@command.command("show")
@click.argument("reports", nargs=-1, required=True, type=click.Path(), metavar="REPORT.json...")
@_output_options[0]
@_output_options[1]
def show_command(reports: tuple[str, ...], output_format: str, output: str) -> int:
    """Draw reports that `lab run --format json` has written, several as one; `--format matrix` writes docs/matrix.md.

    Exit status: as of `lab run`.
    """
    from hitless.lab.reports import join_reports

    report = join_reports([_read(path) for path in reports])
    _write(report, output_format, output)
    return _status(report)


def _read(path: str) -> LabReport:
    import msgspec

    from hitless.labs import LabReport

    try:
        with Path(path).open("rb") as file:
            return msgspec.json.decode(file.read(_REPORT_LIMIT_BYTES), type=LabReport)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    except msgspec.MsgspecError as error:
        raise UsageError(f"{path} is no report of the lab: {error}.") from error


def _write(report: LabReport, output_format: str, target: str) -> None:
    if output_format == "json":
        from hitless.report.lab import json

        write_text(json.render(report), target)
    elif output_format == "markdown":
        from hitless.report.lab import markdown

        write_text(markdown.render(report), target)
    elif output_format == "matrix":
        from hitless.report.lab import matrix

        write_text(matrix.render(report), target)
    else:
        from hitless.report.lab import text

        width, colour = text_style(target)
        write_text(text.render(report, width=width, colour=colour), target)


def _status(report: LabReport) -> int:
    from hitless.labs import Status

    if report.status is Status.RED:
        return ExitCode.FOUND
    return ExitCode.UNKNOWN if report.status is Status.UNKNOWN or report.absent else ExitCode.CLEAN
