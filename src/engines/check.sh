#!/bin/bash
# Is this bastion as the settings say? For `doctor`: each finding is a line `name=ok` or `name=<what is wrong>`; `clock`
# and `cli-version` are values that the bot judges. It logs in nowhere, opens the HSMs' ports and closes them again, and
# leaves nothing behind. The parts of CloudHSM CLI stand in front (NEEDED), operation.sh and bastion.sh follow.
PORTS=(2223 2224 2225) PORT_SECONDS=3 SECRET_SECONDS=6 TOOL_SECONDS=5
ENOUGH=100 # megabytes: what operations leave behind in a month is far less
AT_ONCE=8 # programs of AWS at a time: each takes some 60 MB of memory

# hosts=: ENI IPs; logins=: every login that the settings name; binary=, configure=, config=: of CloudHSM CLI;
# cmu=, base=: of CMU.
check() {
  local findings
  [[ ${in[hosts]-} =~ ^[0-9A-Fa-f.:,]*$ ]] || refuse input hosts
  private=$(mktemp -d "${in[work]}/hsm-sync.look.XXXXXXXX" 2>/dev/null) || private=''
  trap '[[ -z $private ]] || rm -rf "$private"' EXIT
  findings=$(
    look_hosts &
    look_secrets &
    look_programs
    look_work
    look_state
    look_cmu
    look_cli
    wait
  )
  answer 'done' '' 0 "$(gzip -9nc <<<"$findings" | base64 -w 0)"
}

found() { printf '%s=%s\n' "$1" "${2//$'\n'/ }"; }

missing_of() { local program; for program in "$@"; do command -v "$program" >/dev/null || printf ' %s' "$program"; done; }

look_programs() {
  local missing
  missing=$(missing_of "${PROGRAMS[@]}") && found programs "${missing:-ok}"
  missing=$(missing_of "${NEEDED[@]}") && found cli-programs "${missing:-ok}"
  found clock "$(printf '%(%s)T' -1)"
}

look_work() {
  local kind
  kind=$(stat -f -c %T "${in[work]}" 2>/dev/null)
  case $kind in
    tmpfs | ramfs) found work-memory ok ;;
    *) found work-memory "is ${kind:-not there}" ;;
  esac
  if [[ -n $private ]] && printf x 2>/dev/null >"$private/probe"; then found work ok; else found work 'cannot be written'; fi
}

# The folder is made by the first session: until then it is the nearest one above it that must take it.
look_state() {
  local place=${in[state]} probe blocks size free
  while [[ ! -e $place && $place == /*/* ]]; do place=${place%/*}; done
  [[ -e $place ]] || place=/
  probe=$(mktemp "$place/.hsm-sync.XXXXXXXX" 2>/dev/null)
  if [[ -n $probe ]] && printf x 2>/dev/null >"$probe"; then found state ok; else found state "$place cannot be written"; fi
  [[ -z $probe ]] || rm -f "$probe"
  read -r blocks size < <(stat -f -c '%a %S' "$place" 2>/dev/null) || return
  free=$((blocks * size / 1048576))
  if ((free >= ENOUGH)); then found state-free ok; else found state-free "is $free MB"; fi
}

look_cmu() {
  if [[ -x ${in[cmu]-} ]]; then found cmu-binary ok; else found cmu-binary 'is missing, or no program'; fi
  if [[ -f ${in[base]-} && -r ${in[base]} ]]; then found cmu-config ok; else found cmu-config 'is missing, or cannot be read'; fi
}

look_cli() {
  local version
  if [[ -x ${in[configure]} ]]; then found cli-configure ok; else found cli-configure 'is missing, or no program'; fi
  if [[ -d ${in[config]%/*} ]]; then found cli-folder ok; else found cli-folder 'is missing'; fi
  if version=$(unshare --mount --propagation private -- true 2>&1); then found cli-namespace ok; else found cli-namespace "$version"; fi
  [[ -x ${in[binary]} ]] || { found cli-binary 'is missing, or no program'; return; }
  found cli-binary ok
  version=$(timeout --foreground -k 1 "$TOOL_SECONDS" "${in[binary]}" --version 2>&1 </dev/null | head -c 4000)
  version=$(grep -m 1 -E '[0-9]+\.[0-9]+' <<<"$version" || head -n 1 <<<"$version")
  found cli-version "${version:0:200}"
}

# Only whether it could be used is told. What it holds stays in the memory of the shell that read it.
look_secrets() {
  local login at=0
  for login in ${in[logins]//,/ }; do
    at=$((at + 1))
    look_secret "$at" "$login" &
    ((at % AT_ONCE > 0)) || wait
  done
  wait
}

look_secret() { # number, login
  local said
  said=$(
    refuse() { printf '%s' "$2" && exit; }
    AWS_SECONDS=$SECRET_SECONDS
    [[ -n $private ]] || refuse workdir "not looked at: ${in[work]} cannot be written"
    mkdir "$private/$1" && private=$private/$1 && fetch_login "$2" && printf ok
  )
  found "secret.$1" "${said:-could not be looked at}"
}

look_hosts() { # each port is opened, nothing is sent
  local host port
  for host in ${in[hosts]//,/ }; do
    for port in "${PORTS[@]}"; do look_port "$host" "$port" & done
  done
  wait
}

look_port() {
  local said
  said=$(timeout "$PORT_SECONDS" bash -c "exec 3<>/dev/tcp/$1/$2" 2>&1)
  case $?:$said in
    0:) found "hsm.$1.$2" ok ;;
    124:*) found "hsm.$1.$2" "does not answer in $PORT_SECONDS seconds" ;;
    *) said=${said%%$'\n'*} && found "hsm.$1.$2" "${said##*: }" ;;
  esac
}
