import hashlib

from hypothesis import given
from hypothesis import strategies as st

from hitless.gather.configuration import configuration_file


def test_secrets_are_redacted_and_the_hash_is_of_the_bytes() -> None:
    data = b"userlist u\n    user a insecure-password s3cret\n"
    file = configuration_file("/a.cfg", data)
    assert "s3cret" not in file.text
    assert len(file.text) == len(data)
    assert file.sha256 == hashlib.sha256(data).hexdigest()


@given(st.binary(max_size=300))
def test_each_line_and_column_stays(data: bytes) -> None:
    file = configuration_file("/a.cfg", data)
    assert file.text.count("\n") == data.count(b"\n")
    assert len(file.text) == len(data.decode(file.encoding))
    file.text.encode()
