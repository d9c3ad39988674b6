#!/bin/bash
# Runs one step of a sync on the bastion: a careful executor that decides nothing about users and keys.
# The bot sends this file unchanged through SSM Run Command, after a line `set -- name=value ...` that holds the data.
# By hand:  bash bastion.sh action=read-config operation=BYHAND.0 config=/opt/cloudhsm/etc/cloudhsm_mgmt_util.cfg
#
#   action=read-config  print the base config (config=)
#   action=session      run cloudhsm_mgmt_util once with a dialogue (see `talk`); one operation= runs at most once, ever
#   action=fetch        print piece= of what an operation printed; seal=yes: if it never started, it never will
#
# The crypto officer's password exists in this shell's memory and on the pipe to the tool, nowhere else.
set -u
umask 077
export LC_ALL=C PATH="$PATH:/usr/local/bin:/usr/bin:/bin"
PIECE=18000 # characters of base64 in one answer: SSM cuts at 24,000 (GetCommandInvocation)
PATIENCE=120 # seconds without a byte from the tool
KEEP_DAYS=30 # as long as SSM keeps its own command records
PROMPT=$'(^|\n)[[:space:]]*(aws-cloudhsm|cloudmgmt|server ?[0-9]*) ?>$'
QUESTION='\((R/I/A|R/B/I|[Yy]/[Nn])\)|Enter [a-z ]*password'
declare -A in=([action]='' [operation]='' [config]='' [sha256]='' [dialogue]='' [login]='' [region]='' [binary]=''
  [state]=/var/lib/cloudhsm-sync [work]=/dev/shm [lock]='' [seconds]=600 [piece]=1 [seal]=no)
private='' secret='' user='' sent=0 buffer=''

# The one block the bot reads; everything around it is ignored. Exit codes stay small: 137, 168 and 194 mean something to the SSM agent.
answer() { # result, detail, exit code [, file with base64]
  printf '%s\n' '-----BEGIN HSM-SYNC-----' "operation=${in[operation]}" "result=$1" "detail=${2//$'\n'/ }"
  if [[ -n ${4-} ]]; then
    cat "$dir/facts" 2>/dev/null
    printf '%s\n' "sha256=$(sha256sum <"$4" | cut -d ' ' -f 1)" "pieces=$((($(stat -c %s "$4") + PIECE - 1) / PIECE))" \
      "piece=${in[piece]}" "content=$(tail -c "+$(((in[piece] - 1) * PIECE + 1))" "$4" | head -c "$PIECE")"
  fi
  printf '%s\n' '-----END HSM-SYNC-----'
  exit "$3"
}

# Refused: the tool was not started, no HSM was reached. Remembered, so that the same operation gets the same answer.
refuse() {
  [[ -n ${dir-} && -d $dir && ! -e $dir/result ]] && printf '%s\n%s\n' "refused-$1" "$2" >"$dir/result"
  answer "refused-$1" "$2" 1
}

unpack() { base64 -d <<<"$1" | gzip -dc >"$2" 2>/dev/null; } # a here-string may touch the disk: never for the secret

read_config() {
  [[ -e ${in[config]} ]] || refuse config-missing "${in[config]}"
  [[ -f ${in[config]} && -r ${in[config]} ]] || refuse config-unreadable "${in[config]}"
  private=$(mktemp) && trap 'rm -f "$private"' EXIT
  gzip -9nc "${in[config]}" | base64 -w 0 >"$private"
  (($(stat -c %s "$private") <= PIECE)) || refuse config-too-large "${in[config]}"
  answer 'done' '' 0 "$private"
}

# What is known of an operation. One that never started can be sealed: a command that arrives late then finds its name taken.
fetch() {
  if [[ ! -d $dir ]]; then
    [[ ${in[seal]} == yes ]] || answer not-started '' 0
    mkdir "$dir" 2>/dev/null && printf 'sealed\n\n' >"$dir/result"
  fi
  if [[ ! -e $dir/result ]]; then
    exec 8>>"$dir/alive"
    flock -n 8 || answer running '' 0
    [[ -e $dir/result ]] || { touch "$dir/transcript" && conclude stopped-killed '' 0; } # gone without a result: killed
  fi
  local end; mapfile -t -n 2 end <"$dir/result"
  if [[ -e $dir/packed ]]; then answer "${end[0]}" "${end[1]}" 0 "$dir/packed"; else answer "${end[0]}" "${end[1]}" 0; fi
}

# The end of an operation: facts, packed transcript and result on disk first, then the answer.
conclude() { # result, detail, exit code
  printf '%s\n' "seconds=$SECONDS" "mark=$(cat "$dir/mark" 2>/dev/null)" "sent=$sent" >"$dir/facts"
  gzip -9nc "$dir/transcript" | base64 -w 0 >"$dir/packed"
  printf '%s\n%s\n' "$1" "$2" >"$dir/result.new" && mv "$dir/result.new" "$dir/result"
  answer "$1" "$2" "$3" "$dir/packed"
}

# Name and password of the crypto officer, with the instance role.
fetch_login() {
  local raw query name=${in[login]#*:} errors=$private/aws
  case ${in[login]%%:*} in
    secretsmanager) query=(secretsmanager get-secret-value --secret-id "$name" --query SecretString) ;;
    ssm-parameter) query=(ssm get-parameter --name "$name" --with-decryption --query Parameter.Value) ;;
  esac
  raw=$(timeout --foreground 60 aws "${query[@]}" --region "${in[region]}" --output text 2>"$errors") ||
    refuse credentials "$(tr -s '[:space:]' ' ' <"$errors" | head -c 400)"
  [[ $raw =~ \"username\"[[:space:]]*:[[:space:]]*\"([A-Za-z0-9_]{1,31})\" ]] ||
    refuse credentials 'the secret needs a "username" of letters, digits and underscores'
  user=${BASH_REMATCH[1]}
  # No quoting rule of the tool is known, so nothing that would need one.
  [[ $raw =~ \"password\"[[:space:]]*:[[:space:]]*\"([^\"\\\'[:space:][:cntrl:]]{7,64})\" ]] ||
    refuse credentials 'the secret needs a "password" of 7 to 64 characters without white space, quotes, backslashes or control characters'
  secret=${BASH_REMATCH[1]}
}

# Reads until the tool waits for a command. 1: it asks a question. 2: it says nothing any more. 3: it has gone.
await_prompt() {
  local chunk status quiet=0
  buffer=''
  while :; do
    IFS= read -r -d '>' -t 2 -u 6 chunk
    status=$?
    buffer+=$chunk
    if ((status == 0)); then
      buffer+='>' quiet=0
      [[ ! $buffer =~ $QUESTION ]] || return 1
      [[ ! $buffer =~ $PROMPT ]] || return 0
    elif ((status > 128)); then
      [[ ! $buffer =~ $QUESTION ]] || return 1
      quiet=$((${#chunk} > 0 ? 0 : quiet + 2))
      ((quiet < PATIENCE)) || return 2
    else
      return 3
    fi
  done
}

# One segment of the transcript, ended by a record separator, the secret cut out.
record() {
  [[ -n $secret ]] && buffer=${buffer//"$secret"/[redacted]}
  printf '%s\x1e' "${buffer//$'\x1e'/}" >>"$dir/transcript"
}

matches() { # does a line printed so far match this extended regular expression?
  local seen; while IFS= read -r seen || [[ -n $seen ]]; do [[ $seen =~ $1 ]] && return 0; done <"$dir/transcript"
  return 1
}

# Plays the dialogue. Each command waits for the tool's prompt; whatever is unexpected ends it before the next command.
#   send C  send the command                           login   log in as crypto officer
#   need R  a line printed so far matches R, or stop   mark W  remember on disk how far it came
talk() {
  local line command status
  while :; do
    await_prompt
    status=$?
    record
    case $status in 1) stop=question ;; 2) stop=silent ;; 3) stop=gone ;; esac
    command='' # the secret, once, for the moment it takes to write it
    while [[ -z $stop && -z $command ]]; do
      IFS= read -r line <&5 || return
      case $line in
        'mark '*) printf '%s' "${line#mark }" >"$dir/mark.new" && mv "$dir/mark.new" "$dir/mark" && sync "$dir/mark" "$dir" || stop=state ;;
        'need '*) matches "${line#need }" || stop=need detail=${line#need } ;;
        'send '*) command=${line#send } ;;
        login) command="loginHSM CO $user $secret" ;;
      esac
    done
    [[ -z $stop ]] || return
    printf '%s\n' "$command" >&7 || { stop=gone; return; }
    sent=$((sent + 1))
  done
}

session() {
  local old stop='' detail='' pid
  mkdir "$dir" 2>/dev/null || answer refused-already-started '' 1
  exec 8>>"$dir/alive" 9>>"${in[state]}/locks/${in[lock]}" # the tool inherits both: they are free when it is gone
  # A result already: somebody fetched in the moment between the folder and the lock, and took this operation for killed.
  { flock -n 8 && [[ ! -e $dir/result ]] && flock -w 20 9; } || refuse busy 'another step for this destination is running on the bastion'
  [[ -x ${in[binary]} ]] || refuse tool-missing "${in[binary]}"
  rm -rf "${in[work]}/hsm-sync.${in[lock]}".* # left by a killed step: the lock is ours, so nobody uses them
  for old in "${in[state]}"/operations/*; do
    (($(date +%s) - $(stat -c %Y "$old") < KEEP_DAYS * 86400)) || rm -rf "$old"
  done
  private=${in[work]}/hsm-sync.${in[lock]}.${in[operation]}; mkdir "$private" || refuse workdir "${in[work]}"
  trap 'rm -rf "$private"' EXIT
  unpack "${in[config]}" "$private/config" || refuse input config
  unpack "${in[dialogue]}" "$private/dialogue" || refuse input dialogue
  [[ $(sha256sum <"$private/config") == "${in[sha256]}  -" ]] || refuse config-digest 'the config is not the approved one'
  [[ -z ${in[login]} ]] || fetch_login
  sync "$dir" "${in[state]}/operations" || refuse state "${in[state]}" # without power for a moment, it must not forget what it began
  mkfifo "$private/commands" "$private/output" && : >"$dir/transcript" && SECONDS=0 && trap '' PIPE
  # stdbuf: a tool that holds its output back while it waits for input would never be seen to wait.
  timeout --foreground -k 5 "${in[seconds]}" stdbuf -o0 "${in[binary]}" "$private/config" <"$private/commands" >"$private/output" 2>&1 &
  pid=$!
  exec 7>"$private/commands" 6<"$private/output" 5<"$private/dialogue"
  talk
  case $stop in
    '' | need) printf 'quit\n' >&7 ;;
    *) kill -TERM "$pid" 2>/dev/null ;; # not `quit`: it might be taken for an answer
  esac
  IFS= read -r -d '' -t 10 -u 6 buffer # until the tool closes its output
  (($? <= 128)) || { kill -TERM "$pid"; sleep 6; kill -KILL "$pid"; } 2>/dev/null
  record
  wait "$pid" 2>/dev/null
  conclude "${stop:+stopped-}${stop:-done}" "$detail" "$((${#stop} > 0 ? 3 : 0))"
}

for pair in "$@"; do in[${pair%%=*}]=${pair#*=}; done
dir=${in[state]}/operations/${in[operation]}
for tool in base64 cut date flock gzip head mkfifo mktemp sha256sum stat stdbuf sync tail timeout tr ${in[login]:+aws}; do
  command -v "$tool" >/dev/null || refuse tool-missing "$tool"
done
[[ ${in[operation]} =~ ^[A-Z0-9]+\.[0-9]+$ && ${in[lock]} =~ ^[A-Za-z0-9-]*$ && ${in[piece]} =~ ^[1-9][0-9]*$ ]] || refuse input 'operation, lock or piece'
case ${in[action]} in
  read-config) read_config ;;
  session | fetch)
    mkdir -p "${in[state]}/operations" "${in[state]}/locks" || refuse state "${in[state]}"
    "${in[action]}" ;;
  *) refuse input "unknown action ${in[action]}" ;;
esac
