ig_fuzz(http_request DEPS ig::http)
ig_fuzz(http_response DEPS ig::http)
ig_fuzz(sse DEPS ig::http)
