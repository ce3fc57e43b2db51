"""Signing keys: made once, sealed, rotated, published."""
