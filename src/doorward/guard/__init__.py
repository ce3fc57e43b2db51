"""Enforcement at an API's door, framework-free: what a route demands, who is calling, and what a refusal says.

The faces (`doorward.fastapi` …) hand a `Guard` the raw headers and the ids; `authenticate` and `decide` are given to
it. It never reads the database itself.
"""
