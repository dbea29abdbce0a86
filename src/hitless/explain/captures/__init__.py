"""Packet captures: which connections there were and what ended each; docs/captures.md."""
