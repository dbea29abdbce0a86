"""What follows from the facts about one instance: its configuration as tree and model, binds, endpoints, lifetimes."""

from hitless.subject.instance import ASSUMED_VERSION, Subject, Transfer

__all__ = ["ASSUMED_VERSION", "Subject", "Transfer"]
