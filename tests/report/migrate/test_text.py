import msgspec
import pytest

from hitless.migrations import Following, Migration, MigrationOutcome, MigrationSide, UnitLink
from hitless.reloads import CheckState, PreflightCheck
from hitless.report.migrate.text import render

BEFORE = MigrationSide(
    mode="classic", version="2.6.12", arguments=("haproxy", "-f", "a b"), pid=7, serving_pid=7
)
AFTER = MigrationSide(mode="master-worker", arguments=("haproxy", "-W"), pid=8, serving_pid=9)
MIGRATED = Migration(
    instance="haproxy.service",
    outcome=MigrationOutcome.MIGRATED,
    before=BEFORE,
    after=AFTER,
    duration_s=0.4,
    how=("process 9 answered",),
    way_back="hitless migrate --pid 8 --to classic",
    unit=UnitLink(following=Following.TOLD, name="haproxy.service", why="systemd is told"),
    unit_change=("[Service]", "ExecStart="),
)
LOST = PreflightCheck(
    name="unit", state=CheckState.FAILED, message="systemd\x1b[31m would end it", hint="write it"
)
REJECTED = Migration(
    instance="x",
    outcome=MigrationOutcome.REJECTED_BY_PREFLIGHT,
    before=BEFORE,
    after=msgspec.structs.replace(AFTER, pid=0, serving_pid=0),
    reason=LOST.message,
    checks=(LOST,),
)


def test_it_says_what_serves_and_how_to_come_back() -> None:
    text = render(MIGRATED, width=100)
    assert "MIGRATED" in text
    assert "process 9 serves" in text
    assert "hitless migrate --pid 8 --to classic" in text
    assert "ExecStart=\n" in text


def test_it_says_why_not_and_no_escape_gets_through() -> None:
    text = render(REJECTED, width=40, colour=False)
    assert "NOT MIGRATED" in text
    assert "nothing was touched" in text
    assert "\x1b" not in text
    assert all(len(line) <= 40 for line in text.splitlines())


@pytest.mark.parametrize("outcome", list(MigrationOutcome))
def test_every_outcome_has_words(outcome: MigrationOutcome) -> None:
    assert render(msgspec.structs.replace(MIGRATED, outcome=outcome))


def test_a_dry_run_that_would_be_stopped_says_so() -> None:
    planned = msgspec.structs.replace(REJECTED, outcome=MigrationOutcome.PLANNED, reason="")
    assert "WOULD NOT MIGRATE" in render(planned)
