"""Organizations and their members: the places in which roles are held."""
