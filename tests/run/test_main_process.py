from hitless.run.machine import Phase
from hitless.run.main_process import MainProcess


def test_a_crash_is_an_end_at_once() -> None:
    main = MainProcess()
    main.begin(2**22 + 1)
    assert main.settle(0.0, Phase.SERVING, reloading=False) is None
    main.note_end(-9, 0.0)
    assert main.pid == 0
    assert main.settle(0.0, Phase.SERVING, reloading=False) == -9
    assert main.settle(9.0, Phase.SERVING, reloading=False) is None


def test_after_an_end_in_order_another_one_may_turn_up() -> None:
    main = MainProcess()
    main.begin(2**22 + 1)
    main.note_end(0, 0.0)
    assert main.settle(1.0, Phase.SERVING, reloading=False) is None
    assert main.settle(5.0, Phase.SERVING, reloading=True) is None
    main.note_reload(0)
    assert main.settle(5.0, Phase.SERVING, reloading=False) == 0


def test_a_reload_says_who_serves() -> None:
    main = MainProcess()
    main.begin(2**22 + 1)
    main.note_end(0, 0.0)
    main.note_reload(4711)
    assert main.pid == 4711
    assert main.settle(9.0, Phase.SERVING, reloading=False) is None


def test_while_stopping_nobody_is_waited_for() -> None:
    main = MainProcess()
    main.note_end(0, 0.0)
    assert main.settle(0.0, Phase.STOPPING, reloading=False) == 0
