"""Who is nobody in particular: a request that brings nothing that says who asks."""

from fastapi import Request

SESSION_COOKIES = ("__Host-ocop", "ocop")  # with https, and without


def is_visitor(request: Request) -> bool:
    """Tell whether a request brings nothing that says who asks."""
    if "authorization" in request.headers:
        return False
    return not any(name in request.cookies for name in SESSION_COOKIES)
