"""What stands before the message of a line: stamps, host, program, pid; of syslog, journald, containers and files."""
