"""The logs and journals that were chosen, opened as one set."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hitless.explain.inputs.chosen import Chosen
from hitless.explain.scan.census import Census
from hitless.explain.scan.merge import make_census
from hitless.explain.scan.run import Progress, scan_logs
from hitless.explain.scan.tally import Tally
from hitless.explain.sources.journal import read_journal
from hitless.explain.sources.log_set import LogSet, open_logs

if TYPE_CHECKING:
    from hitless.explain.sources.files import LogFile

__all__ = ["count_lines", "open_chosen"]


@contextmanager
def open_chosen(chosen: Chosen) -> Iterator[LogSet]:
    """Open all logs, and take from journals what they have of the window.

    Raises: EvidenceError if one is missing or cannot be read.
    """
    journals: list[LogFile] = []
    try:
        with open_logs(chosen.logs, chosen.read) if chosen.logs else _none(chosen) as logs:
            places = [*chosen.journal_directories, *([""] if chosen.units else [])]
            for number, directory in enumerate(places, len(logs.files)):
                file = read_journal(
                    chosen.units or ("haproxy",),
                    number,
                    since_ns=chosen.window.since_ns,
                    until_ns=chosen.window.until_ns,
                    directory=directory,
                )
                journals.append(file)
                logs.files.append(file)
            yield logs
    finally:
        for file in journals:
            file.close()


@contextmanager
def _none(chosen: Chosen) -> Iterator[LogSet]:
    yield LogSet([], chosen.read)


def count_lines(logs: LogSet, chosen: Chosen, progress: Progress) -> Census:
    """Return the census of the window; an empty one where there are no logs."""
    if not logs.files:
        return make_census(Tally(0), (), ())
    return scan_logs(logs, chosen.window, progress=progress)
