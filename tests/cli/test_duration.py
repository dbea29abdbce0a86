import pytest
from click import Command, Option
from click.testing import CliRunner

from hitless.cli.duration import Duration


@pytest.mark.parametrize(("text", "seconds"), [("10", 10.0), ("500ms", 0.5), ("5m", 300.0), ("1h", 3600.0)])
def test_a_duration_as_haproxy_writes_it(text: str, seconds: float) -> None:
    assert Duration().convert(text, None, None) == seconds
    assert Duration().convert(seconds, None, None) == seconds


def test_what_is_none_is_refused_with_examples() -> None:
    command = Command("x", params=[Option(["--over"], type=Duration())], callback=lambda over: over)
    result = CliRunner().invoke(command, ["--over", "soon"])
    assert result.exit_code == 2
    assert "5s" in result.output
