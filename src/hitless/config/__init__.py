"""The HAProxy configuration as a lossless tree: parse, position, edit, typed view."""
