# The `meterwatch` command with its kernels compiled. Runs as a user without rights, on a read-only root: it writes to
# the state folder (a volume) and to /tmp (a tmpfs). docs/compose.md says how it is started.

FROM python:3.11-slim-bookworm AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
WORKDIR /src
COPY requirements-image.lock ./
RUN python -m venv --without-pip /opt/meterwatch \
    && pip --python /opt/meterwatch/bin/python install --require-hashes --only-binary :all: -r requirements-image.lock
COPY pyproject.toml README.md ./
COPY models models
COPY streams streams
COPY simulators simulators
COPY evaluation evaluation
COPY cli cli
RUN pip --python /opt/meterwatch/bin/python install --no-deps --no-build-isolation .

# Kernels are compiled for this processor and all later ones, and not for the one that builds: any x86-64 with AVX2.
# For another architecture name one of its own, such as neoverse-n1.
ARG KERNEL_CPU=x86-64-v3
WORKDIR /
RUN NUMBA_CACHE_DIR=/opt/meterwatch/kernels NUMBA_CPU_NAME="$KERNEL_CPU" NUMBA_CPU_FEATURES="" \
    /opt/meterwatch/bin/python -m cli.kernels


FROM python:3.11-slim-bookworm
ARG VERSION=0.1.0
ARG KERNEL_CPU=x86-64-v3
LABEL org.opencontainers.image.title="Meterwatch" \
      org.opencontainers.image.description="Real-time anomaly detection for smart meters" \
      org.opencontainers.image.version="$VERSION"
RUN groupadd --gid 10001 meterwatch \
    && useradd --uid 10001 --gid meterwatch --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin meterwatch \
    && install -d -o meterwatch -g meterwatch /var/lib/meterwatch
COPY --from=build /opt/meterwatch /opt/meterwatch
COPY --chmod=0755 docker/entry.sh /usr/local/bin/entry
ENV PATH=/opt/meterwatch/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    NUMBA_CACHE_DIR=/tmp/kernels \
    NUMBA_CPU_NAME=$KERNEL_CPU \
    NUMBA_CPU_FEATURES="" \
    METERWATCH_STATE_DIR=/var/lib/meterwatch
USER 10001:10001
WORKDIR /var/lib/meterwatch
# No image whose kernels would be compiled again at every start.
RUN entry python -m cli.kernels --cached && rm -r "$NUMBA_CACHE_DIR"
VOLUME /var/lib/meterwatch
STOPSIGNAL SIGTERM
ENTRYPOINT ["entry"]
CMD ["meterwatch", "worker"]
