"""A request as it arrives: where it came from, whether it may, how large it is, and the line it leaves in the log."""
