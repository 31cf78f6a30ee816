#!/usr/bin/env bash
# A private PostgreSQL for tests: its own data, its own port on 127.0.0.1, everybody trusted.
#
#   postgres.sh start DIRECTORY   makes and starts it, prints its URL
#   postgres.sh stop DIRECTORY    stops it; the directory stays
#
# It forces its writes to disk like any other: what is tested is what runs.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

usage() {
    echo "usage: postgres.sh start|stop DIRECTORY" >&2
    exit 2
}

[[ $# -eq 2 ]] || usage
action=$1
directory=$2

# Debian keeps each version's programs in a directory of its own; the newest one is taken.
programs() {
    local newest
    newest=$(find /usr/lib/postgresql -mindepth 3 -maxdepth 3 -path '*/bin/initdb' 2>/dev/null | sort -V | tail -n 1)
    if [[ -n $newest ]]; then
        dirname "$newest"
    elif command -v initdb >/dev/null; then
        dirname "$(command -v initdb)"
    else
        echo "postgres.sh: no PostgreSQL server is installed" >&2
        return 1
    fi
}

# PostgreSQL refuses to run as root.
as_owner() {
    if [[ $(id -u) -eq 0 ]]; then
        (cd / && runuser -u postgres -- "$@")
    else
        "$@"
    fi
}

start() {
    local bin port
    bin=$(programs)
    port=$("$here/free_port.sh")
    mkdir -p "$directory"
    if [[ $(id -u) -eq 0 ]]; then chown postgres "$directory"; fi
    as_owner "$bin/initdb" --pgdata="$directory/data" --username=postgres --auth=trust \
        --encoding=UTF8 --locale=C.UTF-8 >"$directory.initdb.log"
    cat >>"$directory/data/postgresql.conf" <<END
listen_addresses = '127.0.0.1'
port = $port
unix_socket_directories = ''
max_connections = 400
shared_buffers = 256MB
END
    as_owner "$bin/pg_ctl" start --wait --silent --pgdata="$directory/data" --log="$directory/log" >&2
    echo "postgres://postgres@127.0.0.1:$port/postgres"
}

stop() {
    if [[ -f $directory/data/postmaster.pid ]]; then
        as_owner "$(programs)/pg_ctl" stop --wait --silent --mode=fast --pgdata="$directory/data" >&2
    fi
}

case $action in
    start) start ;;
    stop) stop ;;
    *) usage ;;
esac
