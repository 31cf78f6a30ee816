#!/usr/bin/env bash
# A private RabbitMQ for tests: its own node, ports, cookie and data, reachable on 127.0.0.1 only.
#
#   rabbitmq.sh start DIRECTORY   makes and starts it, prints its URL; one that is there and was killed is started again
#   rabbitmq.sh ctl DIRECTORY ... asks its rabbitmqctl for something
#   rabbitmq.sh stop DIRECTORY    stops it and its port mapper; the directory stays
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
programs=/usr/lib/rabbitmq/bin

usage() {
    echo "usage: rabbitmq.sh start|stop DIRECTORY, rabbitmq.sh ctl DIRECTORY ARGUMENT..." >&2
    exit 2
}

[[ $# -ge 2 ]] || usage
action=$1
directory=$2
shift 2

# As root, run it as the user that its package made.
as_owner() {
    if [[ $(id -u) -eq 0 ]]; then
        (cd / && runuser -u rabbitmq -- "$@")
    else
        "$@"
    fi
}

# Runs one of RabbitMQ's programs in the environment of this node alone.
with_node() {
    # shellcheck disable=SC1091 # written by `start`
    (set -a && . "$directory/environment" && set +a && as_owner "$@")
}

# Ports, configuration and names are chosen once and stay with the data.
make() {
    local port
    port=$("$here/free_port.sh")
    mkdir -p "$directory"
    cat >"$directory/rabbitmq.conf" <<END
listeners.tcp.1 = 127.0.0.1:$port
END
    echo '[].' >"$directory/enabled_plugins"
    cat >"$directory/environment" <<END
HOME=$directory
ERL_EPMD_ADDRESS=127.0.0.1
ERL_EPMD_PORT=$("$here/free_port.sh")
RABBITMQ_NODENAME=banyan-test-$port@localhost
RABBITMQ_NODE_IP_ADDRESS=127.0.0.1
RABBITMQ_NODE_PORT=$port
RABBITMQ_DIST_PORT=$("$here/free_port.sh")
RABBITMQ_CONF_ENV_FILE=$directory/none
RABBITMQ_CONFIG_FILE=$directory/rabbitmq.conf
RABBITMQ_ENABLED_PLUGINS_FILE=$directory/enabled_plugins
RABBITMQ_MNESIA_BASE=$directory/mnesia
RABBITMQ_LOG_BASE=$directory/log
RABBITMQ_PID_FILE=$directory/pid
RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1}"
END
    if [[ $(id -u) -eq 0 ]]; then chown -R rabbitmq "$directory"; fi
}

start() {
    [[ -x $programs/rabbitmq-server ]] || { echo "rabbitmq.sh: RabbitMQ is not installed" >&2; exit 1; }
    [[ -f $directory/environment ]] || make
    rm -f "$directory/pid" # of one that was killed
    with_node "$programs/rabbitmq-server" -detached >"$directory/start.log" 2>&1
    # The file is there a moment before the number is in it, and `wait` would take it for garbage.
    for _ in $(seq 100); do
        if [[ -s $directory/pid ]]; then break; fi
        sleep 0.1
    done
    if ! with_node "$programs/rabbitmqctl" wait --quiet --timeout 60 "$directory/pid" >&2; then
        cat "$directory/start.log" "$directory"/log/*.log >&2 || true
        stop
        return 1
    fi
    echo "amqp://guest:guest@127.0.0.1:$(sed -n 's/^RABBITMQ_NODE_PORT=//p' "$directory/environment")/%2f"
}

stop() {
    if [[ ! -f $directory/environment ]]; then return 0; fi
    if [[ -f $directory/pid ]]; then
        local pid
        pid=$(cat "$directory/pid")
        kill -TERM "$pid" 2>/dev/null || true
        for _ in $(seq 300); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.1
        done
        rm -f "$directory/pid"
    fi
    with_node epmd -kill >/dev/null 2>&1 || true
}

case $action in
    start) start ;;
    stop) stop ;;
    ctl) with_node "$programs/rabbitmqctl" "$@" ;;
    *) usage ;;
esac
