# One image; the command chooses: serve (default), migrate, seed, sign, work, doctor … `--target backup` is
# the second one, which holds PostgreSQL's programs as well.
# The base is named by version: put the digest of the day behind it where images are built (@sha256:…).
FROM python:3.11-slim-bookworm AS build
WORKDIR /src
COPY requirements.lock requirements-uv.lock ./
RUN python -m venv /opt/ocop \
    && /opt/ocop/bin/pip install --no-cache-dir -q --require-hashes -r requirements-uv.lock
RUN VIRTUAL_ENV=/opt/ocop /opt/ocop/bin/uv pip sync --require-hashes --compile-bytecode requirements.lock \
    && printf '#!/opt/ocop/bin/python\nfrom app.cli import main\nmain()\n' > /opt/ocop/bin/ocop \
    && chmod +x /opt/ocop/bin/ocop \
    && /opt/ocop/bin/pip uninstall -q -y uv setuptools pip

# For `ocop backup` alone: beside ours, PostgreSQL's own programs of the server's major version.
FROM postgres:17.6-bookworm AS backup
RUN apt-get update && apt-get install -y --no-install-recommends libsqlite3-0 libffi8 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin ocop \
    && install -d -m 0700 -o ocop /data /backups
COPY --from=build /usr/local /usr/local
COPY --from=build /opt/ocop /opt/ocop
WORKDIR /srv
COPY alembic.ini ./
COPY app app
COPY migrations migrations
COPY templates templates
COPY static static
ENV PATH=/opt/ocop/bin:$PATH PYTHONPATH=/srv PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    OCOP_DATA_DIR=/data OCOP_PG_BIN=/usr/lib/postgresql/17/bin
USER 10001
VOLUME /data
STOPSIGNAL SIGTERM
ENTRYPOINT ["ocop"]
CMD ["backup", "--help"]

# Runs with a read-only root: it writes to /data, and to /tmp (give it a tmpfs) while a file arrives.
FROM python:3.11-slim-bookworm
ARG RELEASE=""
RUN useradd --uid 10001 --no-create-home --shell /usr/sbin/nologin ocop \
    && install -d -m 0700 -o ocop /data /keys /answer-keys
COPY --from=build /opt/ocop /opt/ocop
WORKDIR /srv
COPY alembic.ini ./
COPY app app
COPY migrations migrations
COPY templates templates
COPY static static
ENV PATH=/opt/ocop/bin:$PATH PYTHONPATH=/srv PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1 \
    OCOP_DATA_DIR=/data OCOP_HOST=0.0.0.0 OCOP_PORT=8000 OCOP_RELEASE=$RELEASE
USER 10001
VOLUME /data
EXPOSE 8000
# It says first that it is not ready, answers what is open, then ends: see app/http/draining.py.
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["ocop"]
CMD ["serve"]
