"""The holder: a daemon that keeps listening sockets of HAProxy instances open, and hands them to whoever is next."""
