"""Facts survive the bundle."""

import msgspec
import pytest

from hitless.prove.facts import RunFacts
from tests.prove.runs import Run


def test_facts_are_the_same_after_a_bundle() -> None:
    facts = Run().facts
    assert msgspec.json.decode(msgspec.json.encode(facts), type=RunFacts) == facts


def test_facts_of_a_damaged_bundle_are_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"haproxy_version": 3}', type=RunFacts)
