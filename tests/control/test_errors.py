import pytest

from hitless.control.errors import CouldNotAsk, NotUnderstood, WasRefused
from hitless.errors import ControlError, ExitCode


@pytest.mark.parametrize("error", [CouldNotAsk("x"), WasRefused("x"), NotUnderstood("x", raw="y")])
def test_all_three_are_errors_of_this_boundary(error: ControlError) -> None:
    assert isinstance(error, ControlError)
    assert (str(error), error.hint, error.exit_code) == ("x", "", ExitCode.UNKNOWN)


def test_what_was_answered_is_kept() -> None:
    assert WasRefused("x", raw="no").raw == "no"
    assert NotUnderstood("x", raw="??").raw == "??"
    assert CouldNotAsk("x", transient=True).transient
    assert not CouldNotAsk("x").transient
