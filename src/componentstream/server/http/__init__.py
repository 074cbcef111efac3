"""HTTP: routes, request bodies, responses, CORS and the OpenAPI document."""
