"""Browser sessions: begun at sign-in with a fresh secret, kept alive by use, ended by anyone who may."""
