import pytest

from hitless.reload.spacing import spacing_s, wait_left_s


@pytest.mark.parametrize(("version", "spacing"), [((2, 2), 0.5), ((3, 0), 0.5), ((3, 1), 2.0), ((3, 4), 2.0)])
def test_it_depends_on_the_version(version: tuple[int, int], spacing: float) -> None:
    assert spacing_s(version) == spacing


def test_what_has_gone_by_counts() -> None:
    assert wait_left_s((3, 2), 0.5) == 1.5
    assert wait_left_s((3, 2), 60.0) == 0.0
