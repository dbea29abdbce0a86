"""Reloads, failed reloads, restarts, crashes and hard stops, from what processes logged. Pure."""
