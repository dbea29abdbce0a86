from hitless.reload.preflight.room_finding import Fit


def test_the_worst_is_the_greatest() -> None:
    assert max(Fit) is Fit.DOES_NOT_FIT
    assert Fit.FITS < Fit.TIGHT
