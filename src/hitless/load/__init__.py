"""The clients: a raw epoll engine, its workloads, and the table of attempts they fill."""
