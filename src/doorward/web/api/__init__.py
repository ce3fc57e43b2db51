"""The administration API: Operations as endpoints, and its description as OpenAPI 3.1 and as a page."""
