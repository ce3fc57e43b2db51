"""Groups of users, service accounts and groups: who holds what their group holds."""
