"""API keys: shown once, kept as a digest, never above their owner, gone when told so."""
