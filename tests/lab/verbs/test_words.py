"""The words of a step: options in front, then the rest."""

from hitless.lab.verbs.words import options_of


def test_options_stand_in_front() -> None:
    assert options_of(("as=x", "until=a=b", "show", "info"), "as", "until") == (
        {"as": "x", "until": "a=b"},
        ("show", "info"),
    )


def test_what_is_no_known_option_begins_the_rest() -> None:
    assert options_of(("show", "as=x"), "as") == ({}, ("show", "as=x"))
    assert options_of(("level=admin",), "as") == ({}, ("level=admin",))
    assert options_of(("as=x",), "as") == ({"as": "x"}, ())
