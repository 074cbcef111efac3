#!/usr/bin/env bash
# The setup of compose.yaml on this machine, without containers: Redis, two workers and nginx. It requires
# redis-server, nginx and componentstream[redis,server] on the path, and stops all of them when it is stopped.
#
# PORT, REDIS_PORT, WORKER_1_PORT and WORKER_2_PORT set the ports on 127.0.0.1. Logs, process ids and the secret
# that signs tokens are in DEPLOY_DIR, by default a temporary directory that is removed at the end. The
# environment variables of "componentstream serve" apply here too.
set -euo pipefail
cd "$(dirname "$0")"
umask 077

port=${PORT:-8080} redis_port=${REDIS_PORT:-6390}
worker_1_port=${WORKER_1_PORT:-8001} worker_2_port=${WORKER_2_PORT:-8002}
directory=${DEPLOY_DIR:-$(mktemp -d)}

declare -A pids

stop() {
    trap - EXIT
    # Stop the workers first: they end their streams, and nginx forwards the last events.
    kill "${pids[worker-1]:-}" "${pids[worker-2]:-}" 2>/dev/null || true
    wait "${pids[worker-1]:-}" "${pids[worker-2]:-}" 2>/dev/null || true
    kill "${pids[nginx]:-}" "${pids[redis]:-}" 2>/dev/null || true
    wait
    [[ -n ${DEPLOY_DIR:-} ]] || rm -r "$directory"
}
trap stop EXIT
trap 'exit 0' INT TERM

# Run a command in the background; its output and process id go to NAME.log and NAME.pid.
start() {
    local name=$1
    shift
    "$@" >"$directory/$name.log" 2>&1 </dev/null &
    pids[$name]=$!
    echo $! >"$directory/$name.pid"
}

worker() {
    start "worker-$1" \
        componentstream serve worker:generate --host 127.0.0.1 --port "$2" \
        --log "redis://127.0.0.1:$redis_port/0" --rate-limit-storage "async+redis://127.0.0.1:$redis_port/1" \
        --trusted-proxies 1
}

if [[ -z ${COMPONENTSTREAM_NO_AUTH:-} ]]; then
    od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$directory/jwt_secret"
    export COMPONENTSTREAM_JWT_SECRET_FILE=$directory/jwt_secret
    export COMPONENTSTREAM_AUDIENCE=componentstream-example
fi
sed -e "s/listen 8080;/listen 127.0.0.1:$port;/" \
    -e "s/worker-1:8000/127.0.0.1:$worker_1_port/" -e "s/worker-2:8000/127.0.0.1:$worker_2_port/" \
    -e "s,/dev/stdout,access.log," nginx.conf >"$directory/nginx.conf"

start redis \
    redis-server --port "$redis_port" --bind 127.0.0.1 --dir "$directory" --save "" --appendonly yes
worker 1 "$worker_1_port"
worker 2 "$worker_2_port"
start nginx \
    nginx -p "$directory" -c "$directory/nginx.conf" -e stderr -g "daemon off;"

echo "http://127.0.0.1:$port/ (stop it with Ctrl-C); logs and secret: $directory"
wait
