import resource

import pytest

from hitless.config.model import Directive, Model
from hitless.sandbox.entry import TierKind
from hitless.sandbox.limits import (
    Adaptation,
    apply_adaptations,
    plan_identity_adaptations,
    plan_limit_adaptations,
    raise_descriptor_limit,
)


def _model(*lines: str) -> Model:
    directives = tuple(
        Directive(tuple(line.split()), f"h.cfg:{number}") for number, line in enumerate(lines, 2)
    )
    return Model(("h.cfg",), directives, ())


def test_maxconn_is_lowered_to_what_the_descriptors_carry() -> None:
    message = "[ALERT]    (4) : [/usr/sbin/haproxy.main()] Cannot raise FD limit to 20000026, limit is 20000."
    (found,) = plan_limit_adaptations(_model("maxconn 9999999"), message)
    keyword, number = found.line.split()
    assert keyword == "maxconn"
    assert 9_000 < int(number) < 10_000
    assert int(number) * 2 + (20000026 - 2 * 9999999) < 20000
    assert found.where == "h.cfg:2"
    assert "maxconn" in found.record().name


def test_maxconn_is_lowered_when_the_table_of_descriptors_does_not_fit_in_memory() -> None:
    message = "[ALERT]    (9) : Not enough memory to allocate 200000213 entries for fdtab!"
    (found,) = plan_limit_adaptations(_model("maxconn 99999999"), message)
    assert 500_000 < int(found.line.split()[1]) < 524_288


def test_ulimit_n_is_lowered_to_the_limit() -> None:
    message = "Cannot raise FD limit to 999999999, limit is 20000."
    (found,) = plan_limit_adaptations(_model("log x", "ulimit-n 999999999"), message)
    assert (found.line, found.where) == ("ulimit-n 20000", "h.cfg:3")


def test_a_maxconn_that_is_not_the_reason_is_left_alone() -> None:
    message = "Cannot raise FD limit to 999999999, limit is 20000."
    found = plan_limit_adaptations(_model("maxconn 100", "ulimit-n 999999999"), message)
    assert [adaptation.line for adaptation in found] == ["ulimit-n 20000"]


@pytest.mark.parametrize(
    ("message", "most"),
    [
        ("'nbthread' value must be between 1 and 64 (was 9999)", 64),
        ("config : Too many remaining unassigned threads (9999) for thread groups (2). Please increase", 128),
    ],
)
def test_threads_are_lowered_to_what_is_supported(message: str, most: int) -> None:
    (found,) = plan_limit_adaptations(_model("nbthread 9999"), message)
    assert found.line == f"nbthread {most}"


def test_other_messages_and_other_numbers_change_nothing() -> None:
    assert plan_limit_adaptations(_model("maxconn 10"), "Loading success.") == ()
    assert plan_limit_adaptations(_model("maxconn what"), "Cannot raise FD limit to 50, limit is 20.") == ()
    assert plan_limit_adaptations(_model(), "Cannot raise FD limit to 50, limit is 20.") == ()


def test_numeric_identities_become_the_only_one() -> None:
    model = _model("uid 1001", "gid 0")
    assert [found.line for found in plan_identity_adaptations(model, TierKind.USER)] == ["uid 0"]
    assert plan_identity_adaptations(model, TierKind.ROOT) == ()


def test_one_line_changes_and_no_other_byte() -> None:
    data = b"global\r\n\tmaxconn 9 # why\r\n\x00\xff\rodd\r\nlast"
    adapted = apply_adaptations(data, "h.cfg", [Adaptation("h.cfg:2", "maxconn 5", "less")])
    assert adapted == b"global\r\n\tmaxconn 5\r\n\x00\xff\rodd\r\nlast"
    assert apply_adaptations(data, "other.cfg", [Adaptation("h.cfg:2", "maxconn 5", "less")]) == data
    assert apply_adaptations(data, "h.cfg", [Adaptation("h.cfg:99", "maxconn 5", "less")]) == data


def test_the_descriptor_limit_is_never_lowered() -> None:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        granted = raise_descriptor_limit()
        assert granted >= before[1]
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (granted, granted)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
