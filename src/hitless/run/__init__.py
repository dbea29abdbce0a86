"""Run a HAProxy as a service manager or a container has it: start, keep its sockets, reload, restart, stop."""
