from pathlib import Path

import causes_page
import pytest

from hitless.causes import CAUSES


def test_the_page_is_current() -> None:
    assert causes_page.PAGE.read_text() == causes_page.render(), "run scripts/causes_page.py"


def test_every_cause_is_on_it_under_its_family() -> None:
    page = causes_page.render()
    for cause in CAUSES.values():
        family = f"## HL{causes_page.family_of(cause)}xx"
        assert page.index(family) < page.index(f"### {cause.code} {cause.name}\n")
        assert page.count(f"### {cause.code} ") == 1


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("the service was restarted", "The service was restarted."),
        ("hard-stop-after ran out", "hard-stop-after ran out."),
        ("option idle-close-on-response", "option idle-close-on-response."),
        ("-st ends it.", "-st ends it."),
    ],
)
def test_a_phrase_becomes_a_sentence(text: str, sentence: str) -> None:
    assert causes_page.sentence(text) == sentence


def test_check_says_whether_it_is_current(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(causes_page, "PAGE", tmp_path / "causes.md")
    assert causes_page.main(["--check"]) == 1
    assert causes_page.main([]) == 0
    assert causes_page.main(["--check"]) == 0
    (tmp_path / "causes.md").write_text("old")
    assert causes_page.main(["--check"]) == 1
