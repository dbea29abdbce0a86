"""What is true on this machine: processes, sockets, kernel."""
