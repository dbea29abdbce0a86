"""What can go wrong when HAProxy is asked: three different things for a person, so three classes."""

from hitless.errors import ControlError

__all__ = ["CouldNotAsk", "NotUnderstood", "WasRefused"]


class CouldNotAsk(ControlError):  # noqa: N818 - named by what happened, as the design does
    """HAProxy was not reached or did not finish its answer: refused, missing, timed out, not a program.

    `transient` is true where a master that is re-executing itself looks just like this, so that asking again
    makes sense; `unanswered` where it was asked and its time ran out.
    """

    def __init__(
        self, message: str, *, hint: str = "", transient: bool = False, unanswered: bool = False
    ) -> None:
        super().__init__(message, hint=hint)
        self.transient = transient
        self.unanswered = unanswered


class WasRefused(ControlError):  # noqa: N818 - as above
    """HAProxy understood who asks and said no: permission level, unknown command, no such process.

    `raw` is its answer.
    """

    def __init__(self, message: str, *, hint: str = "", raw: str = "") -> None:
        super().__init__(message, hint=hint)
        self.raw = raw


class NotUnderstood(ControlError):  # noqa: N818 - as above
    """HAProxy answered what this version of hitless cannot read. `raw` is the whole answer."""

    def __init__(self, message: str, *, raw: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.raw = raw
