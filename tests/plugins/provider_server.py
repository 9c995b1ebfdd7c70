"""A real OpenID provider (Canaille) with two people and this program as its client: `python -m … PORT`."""

import sys

from canaille import create_app
from canaille.app import models
from canaille.backends import Backend
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

from tests.plugins.provider import CLIENT, PASSWORD, REDIRECT, SECRET, SUBJECTS


def serve(port: int) -> None:
    """Serve until the process is ended; everything lies in memory."""
    key = RSAKey.generate_key(2048, auto_kid=True).as_dict(private=True)
    app = create_app(
        {
            "SECRET_KEY": "khoa-cua-mot-may-chu-thu-nghiem",
            "SERVER_NAME": f"127.0.0.1:{port}",
            "PREFERRED_URL_SCHEME": "http",
            "CANAILLE": {"DATABASE": "memory"},
            "CANAILLE_OIDC": {"ACTIVE_JWKS": [key]},
        }
    )
    with app.app_context():
        for subject in SUBJECTS:
            person = models.User(
                user_name=subject,
                family_name="Thử Nghiệm",
                formatted_name=f"{subject.title()} Thử Nghiệm",
                emails=[f"{subject}@example.com"],
                password=PASSWORD,
            )
            Backend.instance.save(person)
        client = models.Client(
            client_id=CLIENT,
            client_secret=SECRET,
            client_name="OCOP",
            client_uri="http://127.0.0.1",
            redirect_uris=[REDIRECT],
            post_logout_redirect_uris=["http://127.0.0.1:8000/sign-in"],
            grant_types=["authorization_code"],
            response_types=["code"],
            scope=["openid", "profile"],
            token_endpoint_auth_method="client_secret_basic",
        )
        Backend.instance.save(client)
        client.audience = [client]
        Backend.instance.save(client)
    make_server("127.0.0.1", port, app, threaded=True).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]))
