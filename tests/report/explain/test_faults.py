from msgspec.structs import replace

from hitless.explanations import Counting
from hitless.report.explain.faults import FAULT_HEAD, fault_cells, fault_words, quote_words
from hitless.report.explain.words import Times
from tests.report.explain.sample import explanation

TIMES = Times(explanation("bad"))
(FAULT,) = explanation("bad").faults


def test_a_fault_in_one_line() -> None:
    words = fault_words(FAULT, TIMES)
    assert words == (
        "invalid response · web to app/s1: bad (about 12 times until 2026-11-22 14:32:05), from 192.0.2.9"
    )
    once = replace(FAULT, count=1, counting=Counting.COUNTED, clients=(), server="", backend="", frontend="")
    assert fault_words(once, TIMES) == "invalid response · -: bad"


def test_its_cells_are_those_of_the_head() -> None:
    assert len(fault_cells(FAULT, TIMES)) == len(FAULT_HEAD)


def test_raw_lines_come_once() -> None:
    assert quote_words([FAULT, FAULT]) == ["errors:58  bad"]
