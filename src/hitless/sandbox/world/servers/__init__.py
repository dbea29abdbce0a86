"""The servers of the world: protocols without I/O, and the sockets they are served on."""
