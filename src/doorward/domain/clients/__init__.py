"""The applications that may ask: registration, secrets, and how a client proves which one it is."""
