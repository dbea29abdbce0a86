from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.config.model import Address, Bind, Model, Proxy
from hitless.sandbox.refusals import learn_from_refusal, resolve_references

_BIND = "config : parsing [c.cfg:7] : 'bind :8080' in section 'frontend' :"


def _said() -> list[tuple[str, ...]]:
    lines = (Path(__file__).parent / "fixtures" / "refusals.txt").read_text().splitlines()
    return [tuple(line.split(" | ", 3)) for line in lines if not line.startswith("#")]


@pytest.mark.parametrize(("kind", "path", "where", "message"), _said())
@pytest.mark.parametrize("prefix", ["[ALERT]    (12) : ", "[ALERT] 325/134927 (10279) : "])
def test_haproxys_own_words_are_understood(
    prefix: str, message: str, kind: str, path: str, where: str
) -> None:
    (refusal,) = learn_from_refusal(prefix + message)
    assert (refusal.kind, refusal.path or "-", refusal.where or "-") == (kind, path, where)


def test_a_server_names_its_file_twice_and_it_is_learnt_once() -> None:
    text = (
        "[ALERT]    (1) : config : [c.cfg:11] : 'server b/s' : Couldn't open the ca-file '/no/ca.pem' (No)\n"
        "[ALERT]    (1) : config : 'ca-file' : unable to load /no/ca.pem.\n"
    )
    assert [refusal.path for refusal in learn_from_refusal(text)] == ["/no/ca.pem"]


@given(st.text(max_size=400))
def test_other_text_says_nothing_and_never_raises(text: str) -> None:
    for refusal in learn_from_refusal(text):
        assert refusal.message


def test_relative_paths_are_those_of_haproxys_directory() -> None:
    text = (
        "[ALERT] (1) : 'ca-file' : unable to load certs/ca.pem.\n[ALERT] (1) : cannot find user id for 'u' ("
    )
    references, impossible = resolve_references(
        learn_from_refusal(text), Model((), (), ()), directory="/etc/haproxy"
    )
    assert [reference.path for reference in references] == ["/etc/haproxy/certs/ca.pem", "u"]
    assert impossible == ()


def test_an_empty_certificate_directory_is_found_through_its_bind() -> None:
    bind = Bind((Address("ip", "::", 443),), {"ssl": (), "crt": ("/etc/certs",)}, "c.cfg:7")
    model = Model(("c.cfg",), (), (Proxy("frontend", "f", "c.cfg:6", "http", (bind,)),))
    text = "[ALERT] (1) : no SSL certificate specified for bind ':443' at [c.cfg:7] (use 'crt')."
    references, _ = resolve_references(learn_from_refusal(text), model, directory="/")
    assert [(found.kind, found.path) for found in references] == [("certificate-directory", "/etc/certs")]


def test_what_lua_registers_cannot_be_supplied_and_is_explained() -> None:
    text = "[ALERT] (1) : config : parsing [c.cfg:8] : unknown fetch method 'lua.fet'."
    references, impossible = resolve_references(learn_from_refusal(text), Model((), (), ()), directory="/")
    assert references == ()
    assert "c.cfg:8: lua.fet is registered by a Lua script" in impossible[0].explanation


def test_other_refusals_are_explained_by_haproxys_words() -> None:
    (refusal,) = learn_from_refusal("[ALERT] (1) : config : parsing [c:2] : cannot find user id for 'u' (")
    assert refusal.explanation.startswith("c:2: config : parsing")
