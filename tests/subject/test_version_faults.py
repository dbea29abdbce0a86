import pytest

from hitless.subject import Subject
from hitless.subject.version_faults import abstract_bind, failed_bind_ends_service
from tests.audit.fixtures import read_snapshot

PLAIN = "frontend www\n    bind :80\n"
ABSTRACT = f"{PLAIN}    bind abns@www\n"


def subject(text: str, version: str, mode: str = "master-worker") -> Subject:
    snapshot = read_snapshot(f"```cfg\n{text}```\n```version {version}\n```\n```mode {mode}\n```\n")
    assert snapshot is not None
    return Subject(snapshot, snapshot.instances[0])


@pytest.mark.parametrize(
    ("text", "version", "ends"),
    [
        (PLAIN, "2.0.5", True),
        (PLAIN, "2.8.0", True),
        (PLAIN, "2.8.1", False),
        (PLAIN, "2.6.12", False),
        (ABSTRACT, "2.4.0", True),
        (ABSTRACT, "2.6.12", True),
        (ABSTRACT, "2.6.13", False),
        (ABSTRACT, "3.2.26", False),
    ],
)
def test_in_which_versions_a_failed_bind_ends_the_service(text: str, version: str, *, ends: bool) -> None:
    assert failed_bind_ends_service(subject(text, version)) is ends
    assert not failed_bind_ends_service(subject(text, version, "classic"))


def test_the_first_bind_of_an_abstract_socket() -> None:
    found = abstract_bind(subject(ABSTRACT, "2.6.12"))
    assert found is not None
    assert found.where.endswith(":3")
    assert abstract_bind(subject(PLAIN, "2.6.12")) is None
