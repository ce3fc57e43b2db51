"""A demo: an invoices API guarded by doorward from a process of its own."""
