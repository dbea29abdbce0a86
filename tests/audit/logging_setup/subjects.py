"""Configurations as the plan of the logging sees them."""

from hitless.audit.fix.edit_files import apply_edits
from hitless.audit.logging_setup.config_edits import edit_configuration
from hitless.audit.logging_setup.formats import Form
from hitless.subject import Subject
from tests.audit.fixtures import read_snapshot


def subject(configuration: str, more: str = "") -> Subject:
    """Return a configuration, and what a fixture says beside it (a unit)."""
    snapshot = read_snapshot(f"```cfg /h.cfg\n{configuration}```\n{more}")
    assert snapshot is not None
    return Subject(snapshot, snapshot.instances[0])


def edited(configuration: str, form: Form = Form.JSON) -> str:
    """Return the configuration after the edits."""
    before = subject(configuration)
    return apply_edits(before.files[0], edit_configuration(before, form)).to_bytes().decode()
