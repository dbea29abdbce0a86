"""Talk to HAProxy: the binary, the runtime API, the master CLI."""
