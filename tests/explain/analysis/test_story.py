from pathlib import Path

from hitless.explain.analysis.story import conclude, tell
from hitless.explanations import Judgement, TrafficCount
from tests.explain.stories import explain_bytes, line, log_lines, reload_log, story


def test_the_first_sentence_says_all(tmp_path: Path) -> None:
    assert story("3.2.log").story[0].startswith("5 events of 9 did harm. There were 4 reloads, 1 hard stop")
    found = explain_bytes(tmp_path, reload_log())
    assert found.story[0].startswith("Nothing bad happened around 1 reload")
    assert len(found.story) == 1


def test_errors_at_other_times_are_not_the_reloads(tmp_path: Path) -> None:
    found = explain_bytes(tmp_path, log_lines(*(line(s, 100, status=500) for s in range(30))))
    assert found.judgement is Judgement.HARMLESS
    assert found.story[0].startswith("No reload, restart or crash is in these inputs: 30 lines")
    assert "30 answers with a status of 500 or above came at other times" in found.story[1]


def test_nothing_at_all_is_not_harmless() -> None:
    assert conclude((), (), 0) is Judgement.UNKNOWN
    assert "Neither" in tell(Judgement.UNKNOWN, (), (), TrafficCount(), ())[0]
