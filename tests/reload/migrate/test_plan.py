import pytest

from hitless.errors import UsageError
from hitless.facts import Binary, RunMode
from hitless.migrations import Following, MigrationSide, UnitLink
from hitless.reload.conversion import Conversion
from hitless.reload.look import TargetOptions
from hitless.reload.migrate.options import MigrateOptions
from hitless.reload.migrate.plan import can_notify, choose_conversion, describe_steps, way_back

WORDS = ("/usr/sbin/haproxy", "-f", "/etc/h.cfg")
CLASSIC, MASTER = RunMode.CLASSIC, RunMode.MASTER_WORKER


def choose(
    runs: RunMode, *, words: tuple[str, ...] = WORDS, configured: str = "", root: bool = True, **more: object
) -> Conversion:
    options = MigrateOptions(TargetOptions(), **more)  # type: ignore[arg-type]
    return choose_conversion(options, runs, words, configured=configured, is_root=root)


def test_a_classic_one_becomes_a_master_with_a_cli() -> None:
    found = choose(CLASSIC)
    assert found.mode is MASTER
    assert found.master_cli == "/run/haproxy-master.sock,mode,600,level,admin"
    assert choose(CLASSIC, root=False).master_cli == ""
    assert choose(CLASSIC, master_cli="").master_cli == ""
    assert choose(CLASSIC, master_cli="/run/x,mode,660").master_cli == "/run/x,mode,660"


def test_another_configuration_or_program_keeps_the_mode() -> None:
    assert choose(CLASSIC, files=("/etc/new.cfg",)).mode is CLASSIC
    assert choose(MASTER, program="/opt/haproxy").mode is MASTER
    assert choose(MASTER, program="/opt/haproxy", words=(*WORDS, "-S", "/run/own")).master_cli == ""


def test_nothing_to_do_is_an_error() -> None:
    with pytest.raises(UsageError, match="nothing to migrate"):
        choose(MASTER)
    with pytest.raises(UsageError, match="nothing to migrate"):
        choose(CLASSIC, mode=CLASSIC)


def test_a_configuration_that_says_master_worker_cannot_be_classic() -> None:
    with pytest.raises(UsageError, match=r"h\.cfg:2"):
        choose(MASTER, mode=CLASSIC, configured="/etc/h.cfg:2")


def test_a_classic_one_has_no_cli() -> None:
    with pytest.raises(UsageError, match="master-cli"):
        choose(MASTER, mode=CLASSIC, master_cli="/run/x")


@pytest.mark.parametrize(
    ("version", "features", "can"),
    [((2, 8, 0), ("SYSTEMD",), True), ((2, 8, 0), (), False), ((3, 2, 0), (), True)],
)
def test_who_can_tell_systemd(version: tuple[int, int, int], features: tuple[str, ...], *, can: bool) -> None:
    assert can_notify(Binary(path="/h", version=version, version_text="", features=features)) is can
    assert not can_notify(None)


def side(mode: RunMode, **more: object) -> MigrationSide:
    given = {"mode": str(mode), "program": "/h", "files": ("/etc/h.cfg",), "arguments": WORDS, **more}
    return MigrationSide(**given)  # type: ignore[arg-type]


def test_the_way_back_undoes_what_was_changed_and_no_more() -> None:
    before = side(CLASSIC, pid=7)
    assert way_back(before, side(MASTER, pid=9)) == "hitless migrate --pid 9 --to classic"
    other = side(CLASSIC, program="/opt/h", files=("/etc/a b",))
    assert way_back(before, other) == "hitless migrate --pid PID --to-config /etc/h.cfg --to-program /h"


@pytest.mark.parametrize(
    ("following", "word"), [(Following.TOLD, "tell systemd"), (Following.PID_FILE, "pid file names it")]
)
def test_the_unit_is_handed_over_before_the_old_process_is_asked_to_leave(
    following: Following, word: str
) -> None:
    steps = describe_steps(side(CLASSIC, pid=7), side(MASTER), UnitLink(following=following, name="u"))
    unit, leaves = (next(i for i, s in enumerate(steps) if w in s) for w in (word, "SIGUSR1"))
    assert unit < leaves
