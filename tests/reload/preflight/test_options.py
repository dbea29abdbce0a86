import dataclasses

import pytest

from hitless.reload.preflight.options import PreflightOptions


def test_a_plain_reload_checks_no_candidate_and_has_bounds() -> None:
    options = PreflightOptions()
    assert options.candidates == {}
    assert min(options.check_timeout_s, options.ask_timeout_s, options.peers_timeout_s) > 0
    with pytest.raises(dataclasses.FrozenInstanceError):
        options.max_generations = 1  # type: ignore[misc]
