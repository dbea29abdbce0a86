from hitless.config.criteria import Criterion, criterion_of, uses
from tests.config.samples import model_of


def test_a_criterion_is_taken_apart() -> None:
    assert criterion_of(["hdr_dom(Host)", "-i", "-n", "a", "b"]) == Criterion(
        "hdr", "host", "dom", ("a", "b")
    )
    assert criterion_of(["path,lower", "-m", "beg", "-i", "--", "-x"]) == Criterion(
        "path", "", "beg", ("-x",)
    )
    assert criterion_of(["src", "-f", "/file", "10.0.0.1"]) == Criterion("src", "", "ip", ("10.0.0.1",))
    assert criterion_of(["path", "-m"]) == Criterion("path", "", "str", ())
    assert criterion_of(["%["]) is None
    assert criterion_of([]) is None


def test_uses_of_named_and_anonymous_acls() -> None:
    model = model_of(
        """
        frontend a
            acl api path_beg /api
            acl api path_beg /v2
            use_backend x if api !{ method POST } or ! secure
            http-request deny unless { path / }
            acl secure ssl_fc
            use_backend y if { path
        """
    )
    found = [(u.criterion.fetch, u.criterion.patterns, u.negated) for u in uses(model.proxies[0].directives)]
    assert found == [
        ("path", ("/api",), False),
        ("path", ("/v2",), False),
        ("method", ("POST",), True),
        ("ssl_fc", (), True),
        ("path", ("/",), True),
        ("path", (), False),
    ]
