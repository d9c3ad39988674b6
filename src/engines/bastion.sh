#!/bin/bash
# Runs one step of a sync on the bastion: a careful executor that decides nothing about users and keys.
# This is what both tools share; the tool's own part stands in front of it: cmu/tool.sh, or the three of cloudhsm-cli. The bot sends them unchanged through SSM Run Command,
# after a line `set -- name=value ...` that holds the data.
# By hand:  cat cmu/tool.sh bastion.sh | bash -s action=read-config operation=BYHAND.0 config=/opt/cloudhsm/etc/cloudhsm_mgmt_util.cfg
#
#   action=read-config  print what the tool is configured with (`read_config`, by tool); no HSM is reached
#   action=session      play a dialogue with the tool (`prepare` and `play`, by tool); one operation= runs at most once, ever
#   action=fetch        print piece= of what an operation printed; seal=yes: if it never started, it never will
set -u
usual=$(umask)
umask 077
ulimit -c 0 # no core file of a tool that was told a password
export LC_ALL=C PATH="$PATH:/usr/local/bin:/usr/bin:/bin"
PIECE=18000 # characters of base64 in one answer: SSM cuts at 24,000 (GetCommandInvocation)
PATIENCE=120 # seconds without a byte from the tool
KEEP_DAYS=30 # as long as SSM keeps its own command records
declare -A in=([action]='' [operation]='' [config]='' [sha256]='' [dialogue]='' [logins]='' [region]='' [binary]='' [configure]='' [clusters]=''
  [state]=/var/lib/cloudhsm-sync [work]=/dev/shm [lock]='' [seconds]=600 [piece]=1 [seal]=no)
private='' owned='' sent=0 buffer='' stop='' detail='' pid='' began=0 users=() secrets=() cuts=('')

# The one block the bot reads; everything around it is ignored. Exit codes stay small: 137, 168 and 194 mean something to the SSM agent.
answer() { # result, detail, exit code [, file with base64]
  local packed sum
  printf '%s\n' '-----BEGIN HSM-SYNC-----' "operation=${in[operation]}" "result=$1" "detail=${2//$'\n'/ }"
  if [[ -n ${4-} ]]; then
    cat "$dir/facts" 2>/dev/null
    packed=$(<"$4") sum=$(sha256sum <"$4")
    printf '%s\n' "sha256=${sum%% *}" "pieces=$(((${#packed} + PIECE - 1) / PIECE))" "piece=${in[piece]}" \
      "content=${packed:(in[piece] - 1) * PIECE:PIECE}"
  fi
  printf '%s\n' '-----END HSM-SYNC-----'
  exit "$3"
}

# Refused: the tool was not started, no HSM was reached. Remembered, so that the same operation gets the same answer.
refuse() {
  [[ -n $owned && ! -e $dir/result ]] && printf '%s\n%s\n' "refused-$1" "$2" >"$dir/result"
  answer "refused-$1" "$2" 1
}

unpack() { base64 -d <<<"$1" | gzip -dc >"$2" 2>/dev/null; } # a here-string may touch the disk: never for the secret

answer_file() { # file, detail: a whole file in one piece
  gzip -9nc "$1" | base64 -w 0 >"$private/packed"
  (($(stat -c %s "$private/packed") <= PIECE)) || refuse config-too-large "$1"
  answer 'done' "$2" 0 "$private/packed"
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
    if [[ ! -e $dir/result ]]; then # gone without a result: killed
      rm -rf "${in[work]}"/hsm-sync.*."${in[operation]}"
      touch "$dir/transcript" && conclude stopped-killed '' 0
    fi
  fi
  local end; mapfile -t -n 2 end <"$dir/result"
  if [[ -e $dir/packed ]]; then answer "${end[0]}" "${end[1]}" 0 "$dir/packed"; else answer "${end[0]}" "${end[1]}" 0; fi
}

# The end of an operation: facts, packed transcript and result on disk first, then the answer.
conclude() { # result, detail, exit code
  printf '%s\n' "seconds=$((SECONDS - began))" "mark=$(cat "$dir/mark" 2>/dev/null)" "sent=$sent" >"$dir/facts"
  gzip -9nc "$dir/transcript" | base64 -w 0 >"$dir/packed"
  printf '%s\n%s\n' "$1" "$2" >"$dir/result.new" && mv "$dir/result.new" "$dir/result"
  answer "$1" "$2" "$3" "$dir/packed"
}

# Name and password of one login, with the instance role. Its name is checked where the settings say whose it is.
fetch_login() { # <name or nothing>:<source>:<id>
  local raw query reference=${1#*:} errors=$private/aws
  local name=${reference#*:}
  case ${reference%%:*} in
    secretsmanager) query=(secretsmanager get-secret-value --secret-id "$name" --query SecretString) ;;
    ssm-parameter) query=(ssm get-parameter --name "$name" --with-decryption --query Parameter.Value) ;;
  esac
  raw=$(timeout --foreground 60 aws "${query[@]}" --region "${in[region]}" --output text 2>"$errors") ||
    refuse credentials "$name: $(tr -s '[:space:]' ' ' <"$errors" | head -c 400)"
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

# Remembered on disk, even if power goes: how far the dialogue came.
mark() { printf '%s' "$1" >"$dir/mark.new" && mv "$dir/mark.new" "$dir/mark" && sync "$dir/mark" "$dir" || stop=state; }

left() { echo $((in[seconds] > SECONDS + 10 ? in[seconds] - SECONDS : 10)); } # of the seconds that a step may take; at least enough to end well

# Starts the tool on pipes: 7 to it, 6 from it. stdbuf: a tool that holds its output back while it waits for input would never be seen to wait.
open_tool() { # argv
  mkfifo "$private/commands" "$private/output"
  (umask "$usual" && exec timeout --foreground -k 5 "$(left)" stdbuf -o0 "$@") <"$private/commands" >"$private/output" 2>&1 &
  pid=$!
  exec 7>"$private/commands" 6<"$private/output" 5<"$private/dialogue"
}

close_tool() {
  case $stop in
    '' | need | failed | login) printf 'quit\n' >&7 ;;
    *) kill -TERM "$pid" 2>/dev/null ;; # not `quit`: it might be taken for an answer
  esac
  IFS= read -r -d '' -t 10 -u 6 buffer # until the tool closes its output
  (($? <= 128)) || { kill -TERM "$pid"; sleep 6; kill -KILL "$pid"; } 2>/dev/null
  wait "$pid" 2>/dev/null
}

# Reads until the tool waits for a command. 1: it asks a question. 2: it says nothing any more. 3: it has gone.
await_prompt() {
  local chunk status quiet=0 line=''
  buffer=''
  while :; do
    IFS= read -r -d "$PROMPT_END" -t 2 -u 6 chunk
    status=$?
    buffer+=$chunk
    [[ $chunk != *$'\n'* ]] || line=''
    line+=${chunk##*$'\n'}
    if ((status == 0)); then
      buffer+=$PROMPT_END line+=$PROMPT_END quiet=0
      # The whole buffer each time would cost its square, and so would a long line: neither a prompt nor a question is one.
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
  local login
  mkdir "$dir" 2>/dev/null || answer refused-already-started '' 1
  exec 8>>"$dir/alive" 9>>"${in[state]}/locks/${in[lock]}" # the tool inherits both: they are free when it is gone
  # A result already: somebody fetched in the moment between the folder and the lock, and took this operation for killed.
  flock -n 8 && [[ ! -e $dir/result ]] && owned=yes
  { [[ -n $owned ]] && flock -w 20 9; } || refuse busy 'another step for this destination is running on the bastion'
  [[ -x ${in[binary]} ]] || refuse tool-missing "${in[binary]}"
  rm -rf "${in[work]}/hsm-sync.${in[lock]}".* # left by a killed step: the lock is ours, so nobody uses them
  find "${in[state]}/operations" -mindepth 1 -maxdepth 1 -mmin "+$((KEEP_DAYS * 1440))" -exec rm -rf {} +
  private=${in[work]}/hsm-sync.${in[lock]}.${in[operation]}; mkdir "$private" || refuse workdir "${in[work]}"
  trap 'rm -rf "$private"' EXIT
  unpack "${in[dialogue]}" "$private/dialogue" || refuse input dialogue
  prepare
  for login in ${in[logins]//,/ }; do fetch_login "$login"; done
  sync "$dir" "${in[state]}/operations" || refuse state "${in[state]}" # without power for a moment, it must not forget what it began
  : >"$dir/transcript" && began=$SECONDS && trap '' PIPE
  play
  conclude "${stop:+stopped-}${stop:-done}" "$detail" "$((${#stop} > 0 ? 3 : 0))"
}

for pair in "$@"; do in[${pair%%=*}]=${pair#*=}; done
dir=${in[state]}/operations/${in[operation]}
for tool in base64 find flock gzip head mkfifo mktemp sha256sum stat stdbuf sync timeout touch tr ${NEEDED[@]+"${NEEDED[@]}"} ${in[logins]:+aws}; do
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
