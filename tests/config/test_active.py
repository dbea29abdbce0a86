from hitless.config.active import ActiveSection, Diagnostics, read_active
from hitless.config.conditions import Facts
from hitless.config.tree import parse


def active(*texts: str, **environment: str) -> tuple[list[ActiveSection], list[str]]:
    variables = {k.encode(): v.encode() for k, v in environment.items()}
    diagnostics = Diagnostics()
    files = [parse(text.encode(), filename=f"f{n}") for n, text in enumerate(texts, 1)]
    sections = read_active(files, Facts(variables, (2, 8), frozenset()), variables, diagnostics)
    return sections, diagnostics.entries


def words(sections: list[ActiveSection]) -> list[str]:
    return [" ".join(d.words) for s in sections for d in s.directives]


def test_conditionals_are_decided_with_nesting() -> None:
    sections, notes = active(
        "global\n"
        ".if defined(X)\n a\n.if 0\n b\n.elif 1\n c\n.else\n d\n.endif\n.elif 1\n e\n.else\n f\n.endif\n"
        ".if 0\n.if 1\n g\n.else\n h\n.endif\n.elif 1\n i\n.elif 1\n j\n.endif\n k\n",
        X="1",
    )
    assert (words(sections), notes) == (["a", "c", "i", "k"], [])


def test_global_changes_variables_for_later_lines_and_conditions() -> None:
    sections, notes = active(
        'global\n setenv V "a b"\n x "$V" "${V[*]}" "$U"\n presetenv V no\n.if streq("$V","a b")\n yes\n.endif\n'
        'defaults\n setenv V no\n y "$V"\n'
    )
    assert sections[0].directives[1].words == ("x", "a b", "a", "b")
    assert words(sections[:1])[-1] == "yes"
    assert sections[1].directives[1].words == ("y", "a b")
    assert notes == []


def test_variables_that_double_themselves_are_bounded() -> None:
    sections, notes = active("global\n setenv X 12345678\n" + ' setenv X "$X$X"\n' * 60)
    assert len(sections[0].directives) < 20
    assert notes[0].endswith("variables expand to too much text")


def test_pseudo_variables_name_file_line_and_section() -> None:
    sections, _ = active('global\nfrontend www\n x "${.FILE}:${.LINE}:${.SECTION}"\n')
    assert sections[1].directives[0].words == ("x", "f1:3:www")


def test_a_section_ends_with_its_file() -> None:
    sections, notes = active("global\n a\n", " b\nglobal\n c\n")
    assert words(sections) == ["a", "c"]
    assert notes == ["f2:1: 'b' stands outside of a section"]
    assert [s.filename for s in sections] == ["f1", "f2"]


def test_what_cannot_be_understood_is_noted_and_skipped() -> None:
    sections, notes = active(
        'global\n a "b\n.if nope(1)\n c\n.endif\n.alert "stop it"\n.warning w\n'
        '.bogus\n.endif\n.if 0\n d "e\n.alert x\n.endif\n.if 1\n z'
    )
    assert words(sections) == ["z"]
    assert notes == [
        "f1:2: unmatched quote at position 4",
        "f1:3: unknown predicate 'nope'; taken as false",
        "f1:6: the configuration refuses itself: stop it",
        "f1:8: unknown directive '.bogus'",
        "f1:9: lone '.endif' with no matching '.if'",
        "f1:15: non-terminated '.if' block",
        "f1:15: missing LF on last line; HAProxy refuses the file",
    ]


def test_else_ends_a_chain() -> None:
    sections, notes = active("global\n.if 1\n a\n.else\n b\n.elif 1\n c\n.else\n d\n.endif\n")
    assert words(sections) == ["a"]
    assert [n.partition(" ")[2] for n in notes] == ["'.elif' after '.else'", "'.else' after '.else'"]


def test_scopes_and_empty_first_words_are_no_lines() -> None:
    sections, notes = active('global\n[web]\n "" x\n a\n')
    assert (words(sections), notes) == (["a"], [])


def test_notes_are_bounded() -> None:
    diagnostics = Diagnostics(limit=2)
    for number in range(9):
        diagnostics.add(f"f:{number}", "why")
    assert diagnostics.entries == ["f:0: why", "f:1: why", "f:2: and more, not listed"]
