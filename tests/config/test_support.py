from hitless.config.support import SUPPORT, supports


def test_a_keyword_comes_and_goes() -> None:
    assert supports("global close-spread-time", (2, 6, 0)) is True
    assert supports("global close-spread-time", (2, 4, 30)) is False
    assert supports("global nbproc", (2, 4, 0)) is True
    assert supports("global nbproc", (2, 5)) is False
    assert supports("section program", (3, 9)) is False


def test_a_backport_depends_on_the_patch_level() -> None:
    assert supports("option idle-close-on-response", (2, 4, 1)) is None
    assert supports("option idle-close-on-response", (2, 3, 9)) is False


def test_what_is_not_known_is_none() -> None:
    assert supports("global no-such-thing", (2, 8, 0)) is None
    assert supports("global hard-stop-after", (1, 7, 0)) is None
    assert supports("global hard-stop-after", (9, 0)) is None
    assert supports("global hard-stop-after", (2,)) is None


def test_the_binary_knows_better() -> None:
    assert supports("global no-such-thing", (2, 8, 0), ("global no-such-thing",)) is True
    # 3.2 lists what it only refuses in words.
    assert supports("global nbproc", (3, 2, 0), ("global nbproc",)) is False


def test_the_table_is_in_order() -> None:
    for keyword, support in SUPPORT.items():
        assert " " in keyword
        assert support.removed is None or support.first < support.removed
        assert support.backported is None or support.backported < support.first
