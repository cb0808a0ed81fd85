# syntax=docker/dockerfile:1

# The server in an image without a shell, a package manager or root: one binary over libc.
#
#   docker build --tag business-mcp .
#   docker run --rm business-mcp --help

FROM rust:1.95-bookworm AS builder
WORKDIR /build
COPY . .
# Cache mounts keep the registry and the compiled dependencies between builds on one machine. They are not part of
# any layer, so the binary is copied out of the cache in the same step. They are locked, because two builds at once
# would write to the same target directory.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/build/target,sharing=locked \
    cargo build --profile dist --locked --package business-mcp --bin business-mcp \
    && install -D --mode=0755 target/dist/business-mcp /out/business-mcp \
    && install -d /out/data

# SQLite and the cryptography are compiled in, so libc and libgcc are all that the binary asks for.
FROM gcr.io/distroless/cc-debian12:nonroot

# The version and the revision are set by who publishes:
#   docker build --label org.opencontainers.image.version=… --label org.opencontainers.image.revision=…
LABEL org.opencontainers.image.title="business-mcp" \
      org.opencontainers.image.description="A business behind one MCP endpoint: customers, stock, orders and analytics for voice and chat agents, with approvals that hold on the server." \
      org.opencontainers.image.licenses="MIT OR Apache-2.0"

COPY --from=builder /out/business-mcp /usr/local/bin/business-mcp
# There is no shell here to make a directory with. A volume mounted on this one takes its owner over.
COPY --from=builder --chown=65532:65532 /out/data /data

# A container is reached from outside, so it listens on all of its addresses; the host decides which of them it shows.
ENV BIND=0.0.0.0 \
    PORT=3000 \
    METRICS_PORT=9091 \
    DATABASE_URL=sqlite:///data/business.db

# 3000 is the server; 9091 is Prometheus, and not for the public.
EXPOSE 3000 9091
WORKDIR /data
# A number, because Kubernetes cannot tell from a name that it is not root (`runAsNonRoot`).
USER 65532:65532

# No curl in the image: the program asks itself. Docker and Compose use this, Fly and Kubernetes have their own checks.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
    CMD ["/usr/local/bin/business-mcp", "healthcheck"]

# The subcommand is an argument, so that `docker run … migrate` and Fly's release_command can name another one.
ENTRYPOINT ["/usr/local/bin/business-mcp"]
CMD ["serve"]
