"""What `hitless explain` is to look at."""

from dataclasses import dataclass, field

from hitless.explain.entries import ReadOptions
from hitless.explain.window import ALWAYS, Window
from hitless.explanations import InputRead

__all__ = ["Chosen"]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The inputs, sorted by what they are; the newest file of each log last."""

    logs: tuple[str, ...] = ()
    """Paths; "-" is standard input."""
    units: tuple[str, ...] = ()
    """Of the journal of this host; () leaves it alone."""
    journal_directories: tuple[str, ...] = ()
    """Journals of other hosts."""
    captures: tuple[str, ...] = ()
    receipts: tuple[str, ...] = ()
    """Directories, or single files of receipts."""
    proofs: tuple[str, ...] = ()
    """Bundles of `hitless prove`, or its documents."""
    errors: tuple[str, ...] = ()
    """Files with what `show errors` printed."""
    applications: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    """Regular expressions of broken connections in the logs of applications, besides those that are known."""
    listeners: tuple[str, ...] = ()
    """Where the proxy listens, for captures."""
    read: ReadOptions = field(default_factory=ReadOptions)
    window: Window = ALWAYS
    given: tuple[InputRead, ...] = ()
    """Inputs that are not read here, as the configuration, to be named beside the others."""
    why: str = ""
    """How the inputs were found, where nobody named them."""
    notes: tuple[str, ...] = ()
