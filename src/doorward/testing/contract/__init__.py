"""The proof of a storage adapter: `suite.StorageContract` to inherit from, its parts, and the processes it starts.

Those processes import this package, so it loads nothing: not pytest, not the suite.
"""
