#!/bin/bash
# Runs one step of a sync on the bastion: a careful executor that decides nothing about users and keys.
# This is what both tools share; the tool's own part stands in front of it (cmu/tool.sh, or the three of cloudhsm-cli),
# then operation.sh. The bot sends them through SSM Run Command, without comments, after a line `set -- name=value ...`
# that holds the data. By hand:
#   cat cmu/tool.sh operation.sh bastion.sh | bash -s action=read-config operation=BYHAND.0 config=<the CMU file>
#
#   action=read-config  print what the tool is configured with (`read_config`, by tool); no HSM is reached
#   action=session      play a dialogue with the tool (`prepare` and `play`, by tool); an operation= runs once at most
#   action=fetch        print chunk= of what an operation printed; seal=yes: if it never started, it never will
#   action=check        print whether this bastion is as the settings say (`check`, where check.sh stands in front)
#
# One program in several files. They share: in (the data), stop and detail (why the dialogue ends; whoever sets stop
# first decides), marked (how far it came), sent, buffer (what the tool said last), chunk (what was read last), users,
# secrets (by number of the login), private (the folder on tmpfs), dir (the operation's folder). Descriptors: 5 the
# dialogue, 6 from the tool, 7 to it, 8 the operation's lock, 9 the destination's lock, 10 the count of failed logins.
set -u
usual=$(umask)
umask 077
ulimit -c 0 # no core file of a tool that was told a password
export LC_ALL=C PATH="$PATH:/usr/local/bin:/usr/bin:/bin"
CHUNK=18000 # characters of base64 in one answer: SSM cuts at 24,000 (GetCommandInvocation)
PATIENCE=120 # seconds without a byte from the tool
AWS_SECONDS=60 # for one secret
# All that any step needs: what is missing is found when somebody asks, not after the approvals.
PROGRAMS=(aws base64 cat find flock gzip head mkdir mkfifo mktemp mv rm sha256sum stat stdbuf sync timeout touch tr)
KEEP_DAYS=30 # as long as SSM keeps its own command records
declare -A in=([action]='' [operation]='' [config]='' [sha256]='' [dialogue]='' [logins]='' [region]='' [binary]='' [configure]='' [clusters]=''
  [state]=/var/lib/cloudhsm-sync [work]=/dev/shm [lock]='' [seconds]=600 [until]=0 [chunk]=1 [seal]=no)
private='' owned='' marked=none facts='' sent=0 buffer='' stop='' detail='' pid='' began=$SECONDS users=() secrets=() cuts=('')
shopt -s extglob

# JSON may write a sign as an escape (Terraform's jsonencode: \u0026 for &). Signs only, and no quote or backslash:
# nothing else can come of it than what was meant.
unescape() {
  local sign
  while [[ $raw =~ \\u00(2[13-689A-Fa-f]|3[A-Fa-f]|40|5[BDEFbdef]|60|7[B-Eb-e]) ]]; do
    printf -v sign '%b' "\\x${BASH_REMATCH[1]}"
    raw=${raw//"${BASH_REMATCH[0]}"/"$sign"}
  done
  raw=${raw//'\/'//}
}

# Name and password of one login, with the instance role. Its name is checked where the settings say whose it is.
fetch_login() { # <name or nothing>:<source>:<id>
  local raw query reference=${1#*:} errors=$private/aws
  local name=${reference#*:}
  case ${reference%%:*} in
    secretsmanager) query=(secretsmanager get-secret-value --secret-id "$name" --query SecretString) ;;
    ssm-parameter) query=(ssm get-parameter --name "$name" --with-decryption --query Parameter.Value) ;;
  esac
  raw=$(timeout --foreground "$AWS_SECONDS" aws "${query[@]}" --region "${in[region]}" --output text 2>"$errors") || {
    (($? != 124)) || refuse credentials "$name: \`aws ${query[0]}\` did not answer in $AWS_SECONDS seconds: is there a way from the bastion to that service in ${in[region]}?"
    refuse credentials "$name: $(tr -s '[:space:]' ' ' <"$errors" | head -c 400)"
  }
  unescape
  [[ $raw =~ \"username\"[[:space:]]*:[[:space:]]*\"([A-Za-z0-9_]{1,31})\" ]] ||
    refuse credentials "the secret $name needs a \"username\" of letters, digits and underscores"
  users+=("${BASH_REMATCH[1]}")
  [[ -z ${1%%:*} || ${BASH_REMATCH[1],,} == "${1%%:*}" ]] || refuse credentials "the secret $name is not that of ${1%%:*}"
  # No quoting rule of the tools is known, so nothing that would need one.
  [[ $raw =~ \"password\"[[:space:]]*:[[:space:]]*\"([^\"\\\'[:space:][:cntrl:]]{7,64})\" ]] ||
    refuse credentials "the secret $name needs a \"password\" of 7 to 64 characters without white space, quotes, backslashes or control characters"
  secrets+=("${BASH_REMATCH[1]}")
  # The longest is cut first: a secret may be the beginning of another.
  local at=0; while ((${#cuts[at]} > ${#BASH_REMATCH[1]})); do at=$((at + 1)); done
  cuts=("${cuts[@]:0:at}" "${BASH_REMATCH[1]}" "${cuts[@]:at}")
}

without_secrets() { local secret; for secret in "${cuts[@]}"; do [[ -z $secret ]] || buffer=${buffer//"$secret"/[redacted]}; done; }

left() { echo $((in[seconds] > SECONDS + 10 ? in[seconds] - SECONDS : 10)); } # of the seconds that a step may take; at least enough to end well

# Starts the tool on pipes: 7 to it, 6 from it. stdbuf: a tool that holds its output back while it waits for input would
# never be seen to wait.
open_tool() { # argv
  (umask "$usual" && exec timeout --foreground -k 5 "$(left)" stdbuf -o0 "$@") <"$private/commands" >"$private/output" 2>&1 &
  pid=$!
  exec 7>"$private/commands" 6<"$private/output" 5<"$private/dialogue"
}

close_tool() {
  local chunk status
  case $stop in
    '' | need | failed | login) printf 'quit\n' >&7 ;;
    *) kill -TERM "$pid" 2>/dev/null ;; # not `quit`: it might be taken for an answer
  esac
  IFS= read -r -d '' -t 10 -u 6 chunk # until the tool closes its output
  status=$?
  plain && buffer=$chunk
  ((status <= 128)) || { kill -TERM "$pid"; sleep 6; kill -KILL "$pid"; } 2>/dev/null
  wait "$pid" 2>/dev/null
}

# Colours are not part of what a tool says.
plain() { [[ $chunk != *$'\e'* ]] || chunk=${chunk//$'\e['*([0-9;?])[@-~]/}; }

# Reads until the tool waits for a command. 1: it asks a question. 2: it says nothing any more. 3: it has gone.
await_prompt() {
  local chunk status quiet=0 line=''
  buffer=''
  while :; do
    IFS= read -r -d "$PROMPT_END" -t 2 -u 6 chunk
    status=$?
    plain
    buffer+=$chunk
    [[ $chunk != *$'\n'* ]] || line=''
    line+=${chunk##*$'\n'}
    if ((status == 0)); then
      buffer+=$PROMPT_END line+=$PROMPT_END quiet=0
      # The whole buffer each time would cost its square, and so would a long line: neither a prompt nor a question is
      # one.
      [[ ${#line} -lt 1000 && ($line =~ $PROMPT || $line =~ $QUESTION) ]] || continue
      [[ $buffer =~ $QUESTION ]] && return 1
      return 0
    elif ((status > 128)); then
      [[ ! $buffer =~ $QUESTION ]] || return 1
      [[ ! $buffer =~ $PROMPT ]] || return 0
      quiet=$((${#chunk} > 0 ? 0 : quiet + 2))
      ((quiet < PATIENCE)) || return 2
    else
      return 3
    fi
  done
}

session() {
  local login now
  claim mark none
  case $? in
    1) marked='' && answer refused-already-started '' 1 ;;
    2) refuse state "an operation cannot be recorded in ${in[state]} (is the disk full, or read only?)" ;;
  esac
  owned=yes
  need_programs "${PROGRAMS[@]}" ${NEEDED[@]+"${NEEDED[@]}"}
  printf -v now '%(%s)T' -1
  ((in[until] == 0 || now <= in[until])) || refuse late "by the bastion's clock it comes $((now - in[until])) seconds too late"
  exec 9>>"${in[state]}/locks/${in[lock]}" || refuse state "${in[state]}/locks" # the tool inherits both locks: they are free when it is gone
  flock -w 20 9 || refuse busy 'another step for this destination is running on the bastion'
  [[ -x ${in[binary]} ]] || refuse tool-missing "${in[binary]}"
  rm -rf "${in[work]}/hsm-sync.${in[lock]}".* # left by a killed step: the lock is ours, so nobody uses them
  find "${in[state]}/operations" -mindepth 1 -maxdepth 1 -mmin "+$((KEEP_DAYS * 1440))" -exec rm -rf {} +
  private=${in[work]}/hsm-sync.${in[lock]}.${in[operation]}; mkdir "$private" || refuse workdir "${in[work]}"
  trap 'rm -rf "$private"' EXIT
  { unpack "${in[dialogue]}" "$private/dialogue" && mkfifo "$private/commands" "$private/output"; } || refuse workdir "${in[work]} does not take what the step needs"
  [[ -z ${PERMITTED-} ]] || permit_dialogue
  prepare
  for login in ${in[logins]//,/ }; do fetch_login "$login"; done
  : >"$dir/transcript" || refuse state "${in[state]}"
  began=$SECONDS && trap '' PIPE
  play
  conclude "${stop:+stopped-}${stop:-done}" "$detail" "$((${#stop} > 0 ? 3 : 0))"
}

# In a locked document the data is whoever's may send it: what is no line of a listing or a copy is not played.
permit_dialogue() {
  local line
  [[ ${in[until]} != 0 && -n ${in[lock]} ]] || refuse input 'until or lock'
  while IFS= read -r line || [[ -n $line ]]; do [[ $line =~ $PERMITTED ]] || refuse input "a line that no dialogue has: ${line:0:100}"; done <"$private/dialogue"
}

need_programs() { local program; for program in "$@"; do command -v "$program" >/dev/null || refuse tool-missing "$program"; done; }

for pair in "$@"; do in[${pair%%=*}]=${pair#*=}; done
dir=${in[state]}/operations/${in[operation]}
[[ ${in[operation]} =~ ^[A-Z0-9]+\.[0-9]+$ && ${in[lock]} =~ ^[A-Za-z0-9-]*$ && ${in[chunk]} =~ ^[1-9][0-9]*$ && ${in[until]} =~ ^[0-9]+$ ]] ||
  refuse input 'operation, lock, chunk or until'
case ${in[action]} in
  read-config) need_programs "${PROGRAMS[@]}" ${NEEDED[@]+"${NEEDED[@]}"} && read_config ;;
  session | fetch)
    need_programs base64 cat flock gzip mkdir mv rm sha256sum sync
    mkdir -p "${in[state]}/operations" "${in[state]}/locks" || refuse state "${in[state]} cannot be made"
    "${in[action]}" ;;
  check)
    [[ $(type -t check) == function ]] || refuse input 'this script holds no check'
    need_programs base64 cat grep gzip head mktemp rm sha256sum stat timeout && check ;;
  *) refuse input "unknown action ${in[action]}" ;;
esac
