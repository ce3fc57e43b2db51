"""Passwords: what one may be, how one is checked, and how guessing is kept slow."""
