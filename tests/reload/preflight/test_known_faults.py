import msgspec

from hitless.reload.preflight.known_faults import check_known_faults, judge_known_faults
from hitless.reload.preflight.options import PreflightOptions
from hitless.reload.target import Target
from hitless.reloads import CheckState, PreflightCheck
from tests.reload.preflight.targets import target

ABSTRACT = "frontend www\n    bind abns@www\n"


def check(text: str, version: str) -> PreflightCheck:
    (found,) = check_known_faults(target(text, version=version), PreflightOptions())
    return found


def test_a_version_in_which_a_failed_bind_ends_the_service() -> None:
    found = check(ABSTRACT, "2.6.12")
    assert found.state is CheckState.WARNED
    assert found.message == "HAProxy 2.6.12: a bind that fails during this reload would end the service"
    assert check(ABSTRACT, "3.2.26").state is CheckState.PASSED


def test_resetenv_makes_a_master_forget() -> None:
    found = check("global\n    resetenv PATH\n", "2.2.9")
    assert "forget its workers at each reload, and its sockets with them" in found.message
    assert found.evidence[0].source.endswith(":2")
    assert "sockets" not in check("global\n    resetenv\n", "3.0.11").message


def test_several_are_counted() -> None:
    found = check(f"global\n    resetenv\n{ABSTRACT}", "2.6.12")
    assert found.message.endswith("(and 1 more)")
    assert len(found.evidence) == 2
    assert judge_known_faults((), "2.8").state is CheckState.PASSED


def test_a_version_that_is_not_known_has_unknown_faults() -> None:
    seen = target()
    instance = msgspec.structs.replace(seen.instance, binary=None)
    (found,) = check_known_faults(Target(instance, seen.subject, seen.place), PreflightOptions())
    assert found.state is CheckState.UNKNOWN
