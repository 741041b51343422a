# Stands in for the public image of the same name; the machine's own Go is mounted at /usr/local/go while it is used.
FROM localhost/debian:bookworm-slim
ENV GOPATH=/go GOTOOLCHAIN=local
ENV PATH=/go/bin:/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /go
