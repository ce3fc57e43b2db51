"""Permissions that APIs declare, roles as named sets of them, and who holds which role where."""
