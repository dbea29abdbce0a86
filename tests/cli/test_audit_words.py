from hitless.cli.audit_words import FORMATS, HELP, PARAMETERS


def test_every_option_has_a_help_and_a_name_of_its_own() -> None:
    names = [option for parameter in PARAMETERS for option in parameter.opts]
    assert len(set(names)) == len(names)
    assert all(
        getattr(parameter, "help", "") for parameter in PARAMETERS if parameter.name != "configuration"
    )


def test_the_help_says_the_exit_status() -> None:
    assert "Exit status" in HELP
    assert "text" in FORMATS
