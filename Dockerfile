# handoff for production: one static binary, no shell, no root, no secret. The role is the container's command:
# gateway, worker, all or check. Build with `docker build -t handoff .`.

FROM golang:1.26.8-bookworm AS build
WORKDIR /src
# Modules first: they change less often than the code.
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
# The workspace is left out, so that the Temporal server of standalone/ stays out too.
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    GOWORK=off CGO_ENABLED=0 go build -buildvcs=false -ldflags='-s -w' -o /out/handoff ./cmd/handoff

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/handoff /handoff
# Certificates and time zones are part of the base image.
USER nonroot:nonroot
EXPOSE 8080 9464
# docker-compose.yml and Kubernetes say of their own how the health of each role is asked for.
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=6 CMD ["/handoff", "healthcheck"]
ENTRYPOINT ["/handoff"]
CMD ["help"]
