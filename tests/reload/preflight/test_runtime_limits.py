import pytest

from hitless.control.replies import parse_info
from hitless.reload.preflight.runtime_limits import limit_differences, parse_statistics
from tests.control.test_inspect import INFO
from tests.reload.preflight.targets import target

TEXT = """defaults
    maxconn 77
frontend web
    bind :80
    default_backend app
frontend tls
    bind :443
    maxconn 50
frontend off
    bind :81
    disabled
backend app
    server one 192.0.2.1:80 maxconn 20
    server two 192.0.2.2:80
"""
HEAD = "# pxname,svname,qcur,slim,status,check_desc,\n"
FRONTENDS = "web,FRONTEND,,77,OPEN,,\ntls,FRONTEND,,50,OPEN,,\n"
AS_CONFIGURED = f'{HEAD}{FRONTENDS}app,one,0,20,UP,"a, b",\napp,two,0,,no check,,\n'


def differences(statistics: str, info: str = f"{INFO}Hard_maxconn: 100\n") -> list[str]:
    return list(limit_differences(parse_statistics(statistics), parse_info(info), target(TEXT).subject.model))


def test_as_configured_nothing_differs() -> None:
    assert differences(AS_CONFIGURED) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        (
            "web,FRONTEND,,77,OPEN",
            "web,FRONTEND,,77,STOP",
            "frontend web is out of service (STOP) by the CLI",
        ),
        (
            "web,FRONTEND,,77,OPEN",
            "web,FRONTEND,,77,PAUSED",
            "frontend web is out of service (PAUSED) by the CLI",
        ),
        ("tls,FRONTEND,,50", "tls,FRONTEND,,9", "maxconn of frontend tls is 9, configured 50"),
        ("app,one,0,20", "app,one,0,5", "maxconn of app/one is 5, configured 20"),
        ("app,two,0,,", "app,two,0,5,", "maxconn of app/two is 5, configured none"),
        ("app,one,0,20", "app,one,0,", "maxconn of app/one is unlimited, configured 20"),
    ],
)
def test_each_change_is_found(old: str, new: str, said: str) -> None:
    assert old in AS_CONFIGURED
    assert differences(AS_CONFIGURED.replace(old, new)) == [said]


def test_others_are_left_alone() -> None:
    assert (
        differences(f"{AS_CONFIGURED}off,FRONTEND,,77,STOP,,\nMASTER,FRONTEND,,3,STOP,,\nnew,one,0,3,UP,,\n")
        == []
    )


def test_the_limit_of_the_process() -> None:
    assert differences(AS_CONFIGURED, f"{INFO}Hard_maxconn: 500\n") == [
        "maxconn of the process is 100, it was started with 500"
    ]
    assert differences(AS_CONFIGURED, INFO) == []


@pytest.mark.parametrize("reply", ["", "Permission denied\n", "a,b\n1,2\n"])
def test_what_is_no_statistics_has_no_rows(reply: str) -> None:
    assert parse_statistics(reply) == ()
