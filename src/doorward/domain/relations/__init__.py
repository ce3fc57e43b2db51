"""Relation rows of the application's own store, the model that gives them meaning, and who holds what by them."""
