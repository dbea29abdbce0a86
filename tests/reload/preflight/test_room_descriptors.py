import pytest

from hitless.reload.preflight.room_descriptors import (
    DescriptorFacts,
    HostDescriptors,
    fd_hard_limit,
    judge_host_descriptors,
    judge_process_descriptors,
    needed_descriptors,
)
from hitless.reload.preflight.room_finding import Fit
from tests.reload.preflight.targets import target


def facts(
    needed: int,
    hard: int | None,
    *,
    raises: bool = False,
    strict: bool = True,
    own: int = 0,
    nr_open: int = 1048576,
) -> DescriptorFacts:
    return DescriptorFacts(needed, hard, nr_open, raises, strict, own)


@pytest.mark.parametrize(
    ("seen", "fit", "said"),
    [
        (facts(0, 1024), Fit.FITS, "takes what it is given"),
        (facts(1024, 1024), Fit.FITS, "1024 needed"),
        (
            facts(6040, 1024),
            Fit.DOES_NOT_FIT,
            "6040 needed, its hard limit of open files is 1024: HAProxy refuses",
        ),
        (facts(6040, 1024, strict=False), Fit.TIGHT, "refused before maxconn"),
        (facts(6040, 1024, raises=True), Fit.FITS, "fs.nr_open"),
        (facts(2000000, 1024, raises=True), Fit.DOES_NOT_FIT, "fs.nr_open is 1048576"),
        (facts(20040, None, own=5000), Fit.DOES_NOT_FIT, "`fd-hard-limit` is 5000"),
        (facts(20040, 1024, own=5000), Fit.DOES_NOT_FIT, "hard limit of open files is 1024"),
        (facts(4000, None, own=5000), Fit.FITS, "4000 needed"),
    ],
)
def test_the_limits_of_the_process(seen: DescriptorFacts, fit: Fit, said: str) -> None:
    found = judge_process_descriptors(seen)
    assert found.fit is fit
    assert said in found.text


@pytest.mark.parametrize(
    ("allocated", "held", "fit"),
    [(1000, 100, Fit.FITS), (8900, 100, Fit.FITS), (8901, 100, Fit.TIGHT), (10000, 1, Fit.DOES_NOT_FIT)],
)
def test_the_limit_of_the_host(allocated: int, held: int, fit: Fit) -> None:
    assert judge_host_descriptors(HostDescriptors(allocated, 10000, held)).fit is fit


@pytest.mark.parametrize(
    ("text", "extra", "needed"),
    [
        ("global\n    maxconn 3000\n", 40, 6040),
        ("global\n    ulimit-n 3000\n", 40, 3000),
        ("global\n    maxconn 100\n    ulimit-n 3000\n", 40, 3000),
        ("global\n    maxconn many\n", 40, 0),
        ("frontend x\n    bind :80\n", 40, 0),
    ],
)
def test_what_the_configuration_needs(text: str, extra: int, needed: int) -> None:
    assert needed_descriptors(target(text).subject, extra) == needed


def test_fd_hard_limit_is_of_2_6() -> None:
    text = "global\n    fd-hard-limit 5000\n"
    assert fd_hard_limit(target(text).subject) == 5000
    assert fd_hard_limit(target(text, version="2.4.0").subject) == 0
