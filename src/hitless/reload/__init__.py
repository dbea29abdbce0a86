"""Trigger a reload and follow it through its phases."""
