# Shared by up, down and roll: where things are, how processes are started, found again and stopped.
# Sourced, never run. Works in bash 3.2 and later.

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
home="$(cd "$here/../.." && pwd)"
# Both may be put elsewhere: a folder that another user cannot enter is of no use to Elasticsearch,
# which refuses to run as root.
cache="${WEIR_LOCAL_CACHE:-$here/.cache}"
run="${WEIR_LOCAL_RUN:-$here/.run}"
weir="${WEIR_LAUNCHER:-$home/weir}"

# Another base leaves these to another program: all ports move with it.
base="${WEIR_LOCAL_BASE:-18000}"
s3_port=$((base + 91))
search_port=$((base + 92))
search_transport_port=$((base + 93))
proxy_base=$((base + 80))
health_base=$((base + 180))
cluster_base=$((base + 280))
peer_base=$((base + 380))

bucket=weir
access_key=weir-local
secret_key=weir-local-secret

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "$*"
  exit 1
}

# A pid alone may be another process by now: its start time goes with it.
started_at() { ps -o lstart= -p "$1" 2>/dev/null | tr -s ' ' || true; }

remember() { # name pid
  printf '%s\n%s\n' "$2" "$(started_at "$2")" >"$run/$1.pid"
}

pid_of() { # name; prints the pid if that very process still runs
  [ -r "$run/$1.pid" ] || return 1
  local pid at
  { read -r pid && read -r at; } <"$run/$1.pid" || return 1
  [ -n "$at" ] && [ "$(started_at "$pid")" = "$at" ] || return 1
  printf '%s\n' "$pid"
}

# In a session of its own: Ctrl-C at the terminal is for the script alone. Linux gives each session its own share of the
# cores, so whoever measures one node beside another process wants both in one: WEIR_LOCAL_SESSION=shared.
detached() { # name command...
  local name="$1"
  shift
  if [ "${WEIR_LOCAL_SESSION:-own}" = own ] && command -v setsid >/dev/null; then
    setsid "$@" >"$run/$name.log" 2>&1 </dev/null &
  else
    nohup "$@" >"$run/$name.log" 2>&1 </dev/null &
  fi
  remember "$name" $!
}

stop_one() { # name seconds
  local pid
  if pid="$(pid_of "$1")"; then
    kill -TERM "$pid" 2>/dev/null || true
    for _ in $(seq $(($2 * 5))); do
      pid_of "$1" >/dev/null || break
      sleep 0.2
    done
    if pid_of "$1" >/dev/null; then
      say "$1 did not stop within $2 s and is killed"
      kill -KILL "$pid" 2>/dev/null || true
    fi
  fi
  rm -f "$run/$1.pid"
}

await() { # name seconds what command...; the process must live on
  local name="$1" seconds="$2" what="$3"
  shift 3
  for _ in $(seq $((seconds * 5))); do
    if "$@" >/dev/null 2>&1; then return 0; fi
    pid_of "$name" >/dev/null || {
      tail -n 20 "$run/$name.log" >&2
      fail "$name ended while it was waited for ($what); its log is $run/$name.log"
    }
    sleep 0.2
  done
  tail -n 20 "$run/$name.log" >&2
  fail "$name: $what not after $seconds s; its log is $run/$name.log"
}

answers() { curl -s -o /dev/null --max-time 3 "$1"; }
succeeds() { curl -sf -o /dev/null --max-time 3 "$1"; }

fleet_size() { cat "$run/nodes"; }

start_node() { # number
  local n="$1" count seeds='' i
  count="$(fleet_size)"
  for i in $(seq "$count"); do
    seeds="$seeds${seeds:+,}127.0.0.1:$((cluster_base + i)):$((peer_base + i))"
  done
  local extra=()
  while IFS= read -r -d '' flag; do extra+=("$flag"); done <"$run/flags"
  # By the environment, for flags win over it: what was asked for after -- may change any of these.
  (
    cd "$home"
    export AWS_ACCESS_KEY_ID="$access_key" AWS_SECRET_ACCESS_KEY="$secret_key" AWS_REGION=us-east-1
    export WEIR_HEAP="${WEIR_HEAP:-512m}"
    export WEIR_BIND=127.0.0.1 WEIR_PORT=$((proxy_base + n))
    export WEIR_HEALTH_HOST=127.0.0.1 WEIR_HEALTH_PORT=$((health_base + n))
    export WEIR_DATA_DIR="$run/node-$n" WEIR_DISK_CACHE_SIZE=2G
    export WEIR_CLUSTER_DIR="$run/fleet/node-$n" WEIR_CLUSTER_HOST=127.0.0.1
    export WEIR_CLUSTER_PORT=$((cluster_base + n)) WEIR_PEER_PORT=$((peer_base + n))
    export WEIR_CLUSTER_SEEDS="$seeds"
    export WEIR_S3_ENDPOINT="http://127.0.0.1:$s3_port" WEIR_S3_BUCKET="$bucket"
    export WEIR_ELASTICSEARCH_URL="http://127.0.0.1:$search_port"
    export WEIR_ELASTICSEARCH_SHARDS=1 WEIR_ELASTICSEARCH_REPLICAS=0
    detached "node-$n" "$weir" serve ${extra[@]+"${extra[@]}"}
  )
}

await_ready() { # number
  await "node-$1" 180 "ready" succeeds "http://127.0.0.1:$((health_base + $1))/health"
}
