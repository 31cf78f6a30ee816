# One container, one binary. PostgreSQL without TLS in this build: see the README.
FROM rust:1.95-bookworm AS build
WORKDIR /src
COPY . .
RUN cargo build --release --locked --bin banyan

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/* \
    && useradd --system --create-home --home-dir /var/lib/banyan banyan
COPY --from=build /src/target/release/banyan /usr/local/bin/banyan
USER banyan
ENV BANYAN_HTTP_ADDR=0.0.0.0:8080 BANYAN_DATA_DIR=/var/lib/banyan BANYAN_DEMO=off BANYAN_LOG_FORMAT=json
VOLUME /var/lib/banyan
EXPOSE 8080
STOPSIGNAL SIGTERM
CMD ["banyan", "serve"]
