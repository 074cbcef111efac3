#!/usr/bin/env bash
# What compose.yaml describes, on this machine and without containers: Redis, two workers and nginx. It needs
# redis-server, nginx and componentstream[redis,server] on the path, and ends them all when it is stopped.
#
# PORT, REDIS_PORT, WORKER_1_PORT and WORKER_2_PORT say where they listen, on 127.0.0.1. Logs, process ids and
# the secret that signs tokens are in DEPLOY_DIR, or else in a directory of its own that is removed in the end.
# What "componentstream serve" reads from the environment it reads here too.
set -euo pipefail
cd "$(dirname "$0")"
umask 077

port=${PORT:-8080} redis_port=${REDIS_PORT:-6390}
worker_1_port=${WORKER_1_PORT:-8001} worker_2_port=${WORKER_2_PORT:-8002}
directory=${DEPLOY_DIR:-$(mktemp -d)}

declare -A pids

stop() {
    trap - EXIT
    # The workers first: they let their streams end, and nginx passes the ends on.
    kill "${pids[worker-1]:-}" "${pids[worker-2]:-}" 2>/dev/null || true
    wait "${pids[worker-1]:-}" "${pids[worker-2]:-}" 2>/dev/null || true
    kill "${pids[nginx]:-}" "${pids[redis]:-}" 2>/dev/null || true
    wait
    [[ -n ${DEPLOY_DIR:-} ]] || rm -r "$directory"
}
trap stop EXIT
trap 'exit 0' INT TERM

# Runs a command in the background, with what it writes and its process id in files of a name.
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
