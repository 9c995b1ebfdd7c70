"""What both doors need: one transaction a request, admission, idempotency, headers."""
