# The exporter and nothing beside it: no shell, no libraries, no user but its own.
#
#   docker build --build-arg BUILD_REVISION="$(git rev-parse --short=12 HEAD)" --tag azure-billing-exporter .

FROM rust:1.95-bookworm AS build
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
WORKDIR /src
COPY . .
ARG BUILD_REVISION=unknown
# Linked with all that it needs, so that the image needs no libraries. What is beside it in the image: authorities for
# TLS, and room for a long reading.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    host="$(rustc --version --verbose | sed -n 's/^host: //p')" \
    && RUSTFLAGS="-C target-feature=+crt-static" cargo build --locked --profile dist --target "$host" \
    && install -D "target/$host/dist/azure-billing-exporter" /image/usr/bin/azure-billing-exporter \
    && install -D -m 644 LICENSE /image/usr/share/doc/azure-billing-exporter/LICENSE \
    && install -D -m 644 /etc/ssl/certs/ca-certificates.crt /image/etc/ssl/certs/ca-certificates.crt \
    && install -d -m 1777 /image/tmp \
    && mkdir /state

FROM scratch
COPY --from=build /image/ /
# Owned by the user, so that a volume that is mounted here is as well.
COPY --from=build --chown=65532:65532 /state/ /var/lib/azure-billing-exporter/
ARG BUILD_REVISION=unknown
LABEL org.opencontainers.image.title="azure-billing-exporter" \
      org.opencontainers.image.description="Prometheus exporter of what Microsoft bills an Azure Enterprise Agreement" \
      org.opencontainers.image.source="https://github.com/azure-billing-exporter/azure-billing-exporter" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.revision="${BUILD_REVISION}"
# mallopt(3): large pieces of memory are given back at once. A third less stays with the process.
ENV MALLOC_MMAP_THRESHOLD_=131072
USER 65532:65532
EXPOSE 10540
# As it asks on the default port: a container with another gives its own.
HEALTHCHECK --interval=30s --timeout=10s --start-period=10s --retries=3 \
    CMD ["/usr/bin/azure-billing-exporter", "healthcheck"]
ENTRYPOINT ["/usr/bin/azure-billing-exporter"]
CMD ["serve", "--config.file=/etc/azure-billing-exporter/config.yaml"]
