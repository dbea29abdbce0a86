from hitless.evidence.model import Gap


def test_a_gap_lasts_from_its_start_to_its_end() -> None:
    assert Gap(endpoint="[::]:80", start_ns=1_000, end_ns=3_500).duration_ns == 2_500
