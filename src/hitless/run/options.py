"""What is asked of a run."""

from dataclasses import dataclass

__all__ = ["RunOptions"]


@dataclass(frozen=True, slots=True)
class RunOptions:
    """The words of `hitless run`. Times are seconds."""

    command: tuple[str, ...]
    """HAProxy's command line, the program first."""
    stop_s: float = 8.0
    """How long connections may go on after a stop signal, before they are cut."""
    hold_s: float = 30.0
    """How long listening sockets stay open while nobody accepts on them."""
    restarts: int = 10
    """How many starts in a row may end without having served."""
    ready_s: float = 60.0
    """For one proof that it serves."""
    holder: str = ""
    """A socket at which a holder hands listening sockets over; "" without one."""
    reload_words: tuple[str, ...] = ()
    """Further words for `hitless reload`."""
    state_dir: str = ""
