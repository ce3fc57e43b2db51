"""JSON Object Signing: keys, signing, and a verification that leaves the token no choice.

Import from the modules: this file stays empty, so that naming an algorithm does not load a cryptography library.
"""
