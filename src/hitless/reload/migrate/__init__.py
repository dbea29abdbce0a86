"""Move a running HAProxy to another mode, configuration or program without losing a connection."""
