import pytest

from hitless.errors import EvidenceError
from hitless.evidence.trace_format import Field, parse_event_format, parse_page_format
from tests.evidence.kernel import V6_1, V6_18, read_formats


def test_fields_are_where_the_kernel_says() -> None:
    form = read_formats(V6_18)["tcp_send_reset"]
    assert form.number == 2280
    assert form.fields["saddr"] == Field(32, 28, signed=False)
    assert form.fields["common_pid"] == Field(4, 4, signed=True)


def test_older_kernels_have_other_fields() -> None:
    form = read_formats(V6_1)["tcp_send_reset"]
    assert form.fields["saddr"].size == 4
    assert "reason" not in form.fields


def test_reasons_have_names() -> None:
    symbols = read_formats(V6_18)["tcp_send_reset"].symbols
    assert symbols["reason"][1] == "NO_SOCKET"
    assert symbols["reason"][14] == "TCP_STATE"


def test_states_printed_by_their_c_names_are_known() -> None:
    assert read_formats(V6_18)["tcp_send_reset"].symbols["state"][7] == "TCP_CLOSE"


def test_states_printed_by_number_are_known() -> None:
    assert read_formats(V6_18)["inet_sock_set_state"].symbols["oldstate"][10] == "TCP_LISTEN"


def test_the_page_header_is_read() -> None:
    form = parse_page_format((V6_18 / "header_page.txt").read_text())
    assert (form.commit.offset, form.commit.size, form.data_offset, form.page_size) == (8, 8, 16, 4096)


@pytest.mark.parametrize(
    "text", ["", "name: x\nID: 1\n", "field:int a;\toffset:0;\tsize:4;\tsigned:1;", "\0" * 50]
)
def test_what_is_no_format_is_refused(text: str) -> None:
    with pytest.raises(EvidenceError):
        parse_event_format(text)
    with pytest.raises(EvidenceError):
        parse_page_format(text)


def test_a_field_that_is_missing_or_has_another_size_is_named() -> None:
    form = read_formats(V6_18)["tcp_send_reset"]
    with pytest.raises(EvidenceError, match=r"tcp_send_reset: the field sport is missing"):
        form.require("sport")
    with pytest.raises(EvidenceError, match=r"the field saddr has 28 bytes"):
        form.require("saddr", 4)
