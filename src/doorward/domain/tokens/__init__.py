"""Tokens: issued, verified against all they hang on, revoked."""
