from hitless.reload.look import TargetOptions
from hitless.reload.options import ReloadOptions

ONE = TargetOptions(pid=1)


def test_a_new_configuration_is_rolled_back_unless_said_otherwise() -> None:
    assert not ReloadOptions(target=ONE).rolls_back
    assert ReloadOptions(target=ONE, new={"": "new.cfg"}).rolls_back
    assert not ReloadOptions(target=ONE, new={"": "new.cfg"}, rollback=False).rolls_back
    assert ReloadOptions(target=ONE, rollback=True).rolls_back


def test_one_reload_answers_only_who_asked_for_the_same() -> None:
    plain = ReloadOptions(target=ONE)
    assert plain.what == ReloadOptions(target=TargetOptions(unit="haproxy")).what
    assert plain.what != ReloadOptions(target=ONE, new={"": "new.cfg"}).what
    assert plain.what != ReloadOptions(target=ONE, force=("room",)).what
    assert plain.what != ReloadOptions(target=ONE, guard_s=5.0).what
