# emailq in a container: built in one stage, run in another that has no compiler, as a user who owns nothing.
# The root file system may be read-only; /tmp is the only place that is written to (blobs go to S3 or to a volume).
ARG PYTHON=3.13-slim-bookworm

FROM python:${PYTHON} AS build
# mypyc compiles the parser: with a compiler of any version, and in an environment that stays behind.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc libc6-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY scripts/compile_parser.py scripts/
COPY emailq emailq
COPY sql sql
RUN python -m venv /opt/build \
    && /opt/build/bin/pip install --no-cache-dir --only-binary=:all: hatchling mypy setuptools \
    && HATCH_BUILD_HOOK_ENABLE_CUSTOM=1 \
        /opt/build/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /wheels .
RUN python -m venv /opt/emailq \
    && /opt/emailq/bin/pip install --no-cache-dir --only-binary=:all: "$(echo /wheels/emailq-*.whl)[all]" \
    && /opt/emailq/bin/pip uninstall --yes pip

FROM python:${PYTHON}
COPY --from=build /opt/emailq /opt/emailq
RUN groupadd --gid 10001 emailq \
    && useradd --uid 10001 --gid emailq --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin emailq \
    && install --directory --owner=emailq --group=emailq /var/lib/emailq
ENV PATH=/opt/emailq/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    EMAILQ_BLOB_DIR=/var/lib/emailq/blobs \
    EMAILQ_LOG_FORMAT=json
WORKDIR /var/lib/emailq
USER 10001:10001
# Progress, not only life: a worker of this host is connected, and its queues move.
HEALTHCHECK --interval=30s --timeout=15s --start-period=60s --retries=3 CMD ["emailq", "health"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["emailq"]
CMD ["worker"]
