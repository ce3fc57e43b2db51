"""What goes with whom: the sessions, tokens, keys and relations that end when a person, client or organization does."""
