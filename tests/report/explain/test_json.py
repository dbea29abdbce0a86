import json
from pathlib import Path

import jsonschema
import pytest

from hitless.explanations import Explanation
from hitless.report.explain.json import json_schema, render
from tests.explain.stories import story
from tests.report.explain.hostile import hostile

SCHEMA = Path(__file__).parents[3] / "docs" / "json-schema" / "explain-1.json"


def test_published_schema_is_current() -> None:
    assert json.loads(SCHEMA.read_text()) == json_schema(), "write docs/json-schema/explain-1.json anew"


@pytest.mark.parametrize("made", [story("3.2.log", "3.2.stderr"), story("idle-close.pcap"), hostile()])
def test_documents_fit_the_schema(made: Explanation) -> None:
    document = json.loads(render(made))
    jsonschema.validate(document, json_schema())
    assert document["format"] == 1
    assert document["judgement"] == "harmful"
