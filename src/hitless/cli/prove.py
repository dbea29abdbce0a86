"""`hitless prove`: its progress, its output and its exit status."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from hitless.cli.output import write_result
from hitless.cli.prove_words import HELP, PARAMETERS
from hitless.errors import ExitCode, UsageError
from hitless.records import ClientClass

if TYPE_CHECKING:
    from hitless.cli.progress import ShowProgress
    from hitless.verdict import ProofResult

__all__ = ["command"]


@click.command("prove", params=[*PARAMETERS], help=HELP)
def command(
    configuration: tuple[str, ...], *, output_format: str, replay: str | None, quiet: bool, **words: object
) -> int:
    """Prove a configuration or a live proxy, or judge a bundle again."""
    from hitless.prove.keep import replay_bundle
    from hitless.prove.options import read_options
    from hitless.prove.proof import prove

    if replay is not None:
        if configuration or words["files"] or words["url"] is not None:
            raise UsageError("--replay judges a bundle and runs nothing: name no configuration and no --url.")
        result = replay_bundle(Path(replay), ClientClass(str(words["client_class"])))
        write_result(result, output_format, bundle=replay)
        return _status(result)
    options = read_options(configuration, words, split=_split)
    with _progress(quiet=quiet) as show:
        result, bundle = prove(options, show)
    write_result(result, output_format, bundle=str(bundle))
    return _status(result)


def _split(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise UsageError(f"{text!r} cannot be split into words: {error}.") from error


def _progress(*, quiet: bool) -> ShowProgress:
    from hitless.cli.progress import ShowProgress

    return ShowProgress(enabled=not quiet and sys.stderr is not None and sys.stderr.isatty())


def _status(result: ProofResult) -> int:
    from hitless.verdict import Conclusion

    return {
        Conclusion.HITLESS: ExitCode.CLEAN,
        Conclusion.NOT_HITLESS: ExitCode.FOUND,
        Conclusion.NO_VERDICT: ExitCode.UNKNOWN,
    }[result.conclusion]
