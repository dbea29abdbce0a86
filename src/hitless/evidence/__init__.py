"""What really happened: kernel trace, counters, HAProxy's log lines, and the bundle on disk."""
