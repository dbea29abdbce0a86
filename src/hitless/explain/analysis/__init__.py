"""What each change of the service did to clients: windows, counts beside the usual, causes, unknowns. Pure."""
