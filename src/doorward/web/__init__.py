"""How HTTP gets in and out: routing, calls, forms, cookies, CSRF, CORS, pages, errors, OpenAPI."""
