import pytest
from hypothesis import given
from hypothesis import strategies as st

from hitless.reload.preflight.runtime_maps import (
    compare_patterns,
    parse_acl_file,
    parse_map_file,
    parse_references,
    parse_shown,
)

# As 2.2.9 and 3.2.26 print them.
OLD = """# id (file) description
0 (/etc/m.map) pattern loaded from file '/etc/m.map' used by map at file '/h' line 2, by map at file '/h' line 6
1 () acl 'path' file '/etc/h.cfg' line 12
2 (a list.lst) pattern loaded from file 'a list.lst' used by acl at file '/etc/h.cfg' line 13
"""
NEW = """# id (file) description
0 (/etc/m.map) pattern loaded from file '/etc/m.map' used by map at file '/h' line 2. curr_ver=0 next_ver=0 entry_cnt=6
1 (virt@x) pattern loaded from file 'virt@x' used by map at file '/etc/h.cfg' line 13. curr_ver=0 next_ver=0 entry_cnt=0
2 (opt@/etc/o.map) pattern loaded from file 'opt@/etc/o.map' used by map at file '/etc/h.cfg' line 14. curr_ver=0
"""
MAP_FILE = b"k1 v1  \nk2\tv 2\t \r\n\xff\xfe x\nk1 again\n#x y\n ; z\n\n/c\n"
MAP_SHOWN = "0x55 k1 v1\n0x56 k2 v 2\n0x57 \\xff\\xfe x\n0x58 k1 again\n0x59 ; z\n0x5a /c "
ACL_FILE = b"  lead\ntrail  \nin ner\n# c\n\n10.0.0.0/8\n"
ACL_SHOWN = "0x1 lead\n0x2 trail  \n0x3 in ner\n0x4 10.0.0.0/8"


@pytest.mark.parametrize(
    ("reply", "names"),
    [(OLD, ("/etc/m.map", "a list.lst")), (NEW, ("/etc/m.map", "opt@/etc/o.map")), ("", ())],
)
def test_lists_with_a_file(reply: str, names: tuple[str, ...]) -> None:
    assert parse_references(reply) == names


def test_what_was_loaded_does_not_differ() -> None:
    assert not compare_patterns(parse_shown(MAP_SHOWN), parse_map_file(MAP_FILE))
    assert not compare_patterns(parse_shown(ACL_SHOWN), parse_acl_file(ACL_FILE))
    assert not compare_patterns(parse_shown(""), parse_map_file(b"# nothing\n"))


def test_what_was_added_changed_and_deleted() -> None:
    shown = MAP_SHOWN.replace("k2 v 2", "k2 other").replace("0x58 k1 again\n", "") + "\n0x9 /new 7\n"
    found = compare_patterns(parse_shown(shown), parse_map_file(MAP_FILE))
    assert found.added == ("/new 7", "k2 other")
    assert found.removed == ("k1 again", "k2 v 2")
    assert found.describe() == (
        "2 entries only in the running process (/new 7, k2 other), "
        "2 entries of the file that it does not have (k1 again, k2 v 2)"
    )


def test_many_are_not_all_listed() -> None:
    found = compare_patterns(frozenset("abcde"), frozenset())
    assert found.describe() == "5 entries only in the running process (a, b, c, …)"


@given(st.binary(max_size=200))
def test_any_file_can_be_read(data: bytes) -> None:
    assert all(parse_map_file(data))
    assert len(parse_acl_file(data)) <= data.count(b"\n") + 1
