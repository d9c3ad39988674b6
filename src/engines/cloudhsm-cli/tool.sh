#!/bin/bash
# How CloudHSM CLI (Client SDK 5) is talked to; configure.sh stands before this, bastion.sh, which follows, is the rest.
# In an interactive session a password goes over the pipe, at the tool's own question. In single command mode, the
# fallback, it stands in the environment of the tool's process (CLOUDHSM_PIN, DESTINATION_CLOUDHSM_PIN), because the
# tool takes it nowhere else. It is in no argument, no file, no output.
PROMPT_END='>'
PROMPT=$'(^|\n)[[:space:]]*(aws-cloudhsm|[A-Za-z0-9_-]{1,64}@[^"{\n>]{1,200}) ?> ?$'
QUESTION=$'(^|\n)[^"{\n]*(Enter [a-z ]*password:|\\([Yy]/[Nn]\\)|MFA)[^"\n]*$' # never inside JSON: labels say anything
FIRST_PROMPT=20 # seconds: a tool that shows no prompt on a pipe must not cost much
ONE_COMMAND=100 PAGES=400 # seconds for one command in single command mode; far more pages than any listing has
mode='' command='' answered='' status='' errors='' who='' role='' tolerated=''
export TERM=dumb NO_COLOR=1

# One interactive session for the whole dialogue. Where the tool cannot be talked to on a pipe (it shows no prompt, or
# does not ask for the password), that shows before any login: then every command gets a process of its own, and the
# same tool is not tried so again for a day.
play() {
  local known how=${in[state]}/single-command
  known=$(stat -c '%n %s %Y' "${in[binary]}")
  if [[ ! -e $how || $(cat "$how") != "$known" ]] || (($(date +%s) - $(stat -c %Y "$how") > 86400)); then
    mode=session
    converse
    [[ $stop == unsuited* ]] || return 0
  fi
  [[ $stop == unsuited-silent || $answered =~ [Pp]assword|terminal|tty|device ]] || known='' # anything else may pass
  mode=single role='' stop=''
  exec 5<"$private/dialogue"
  perform
  [[ -n $stop || -z $known ]] || printf '%s\n' "$known" >"$how" 2>/dev/null
}

converse() {
  local patience=$PATIENCE first=${in[clusters]%% *}
  # With two clusters in the file it starts only with one of them named; every command names its own.
  open_tool "${inside[@]}" "${in[binary]}" interactive --cluster-id "${first%%=*}"
  PATIENCE=$FIRST_PROMPT
  note interactive
  read_answer
  PATIENCE=$patience
  case $stop in silent) stop=unsuited-silent ;; gone) stop=unsuited ;; esac # nothing was sent yet
  [[ -n $stop ]] || perform
  close_tool
}

# The transcript: each command as it is given, its answer, its exit status and what it wrote to standard error, where it
# has these; unit separators between, a record separator.
note() { command=$1 errors='' && keep "$command"$'\x1f'; }
record() {
  without_secrets
  answered=${buffer//[$'\x1e\x1f']/}
  buffer=$errors && without_secrets
  keep "$answered"$'\x1f'"$status"$'\x1f'"${buffer//[$'\x1e\x1f']/}"$'\x1e'
}

read_answer() { # the answer, up to the next prompt
  await_prompt
  case $? in 1) stop=question ;; 2) stop=silent ;; 3) stop=gone ;; esac
  record
}

type_line() { printf '%s\n' "$1" >&7 || stop=gone; sent=$((sent + 1)); }

say() { # one command, and its answer
  note "$1"
  [[ -z $stop ]] || return
  if [[ $mode == single ]]; then
    single "$1"
  else
    type_line "$command"
    read_answer
  fi
}

single() { # a command, in a process of its own
  local words chunk
  if ((SECONDS > in[seconds] - ONE_COMMAND)); then
    stop='time' buffer='' status='' errors=''
    record
    return
  fi
  sent=$((sent + 1))
  read -r -a words <<<"$1"
  buffer=$(give_login | timeout --foreground -k 5 "$ONE_COMMAND" "${with_login[@]}" "${in[binary]}" "${words[@]}" 2>"$private/errors" 10>&-)
  status=$?
  chunk=$buffer && plain && buffer=$chunk
  errors=$(head -c 20000 "$private/errors")
  [[ $buffer == *'{'* ]] || buffer+=$errors errors='' # no answer but this
  case $status in 124) stop=silent ;; 12[5-9] | 1[3-9]? | 2??) stop=gone ;; esac
  record
}

# The variables of the tool's own process: by a pipe, so that no other process has them.
give_login() {
  [[ -n $role ]] || return
  printf '%s\n' "CLOUDHSM_ROLE=$role" "CLOUDHSM_PIN=${users[who]}:${secrets[who]}" \
    "DESTINATION_CLOUDHSM_ROLE=$role" "DESTINATION_CLOUDHSM_PIN=${users[who]}:${secrets[who]}"
}

succeeded() { # a whole answer: in a session the prompt behind it shows that it is
  [[ $mode == session || $answered =~ \}[[:space:]]*$ ]] || return 1
  [[ $answered =~ \"error_code\"[[:space:]]*:[[:space:]]*0[^0-9] && ${status:-0} == 0 ]]
}

log_in() { # number of the login, role, cluster
  who=$1 role=$2
  note "login --username ${users[who]} --role $role --cluster-id $3"
  ((SECONDS < in[seconds] - ONE_COMMAND)) || stop='time' # a tool that is cut off at its login would have cost one
  if [[ -n $stop ]] || ! may_log_in "$3"; then
    buffer='' status=''
    record
  elif [[ $mode == single ]]; then
    log_in_alone "$3"
  else
    type_line "$command"
    await_question
    [[ -n $stop ]] || count_login unknown
    if [[ -z $stop ]]; then
      give_password
    else
      not_tried
      record
      fail login
    fi
  fi
}

# In single command mode: the smallest command that needs a login. A wrong password is tried once, not with every
# command.
log_in_alone() { # cluster
  count_login unknown
  [[ -n $stop ]] || single "key list --cluster-id $1 --max-items 1"
  case $stop in 'time') not_tried ;; state) exec 10>&- ;; *) logged_in ;; esac
}

# The tool's own question for the password, and nothing behind it. Where it does not ask, no password is given and no
# login was tried.
await_question() {
  local chunk
  PROMPT_END=: await_prompt # the question ends with it
  case $? in
    0) stop=unasked ;;
    1) [[ $buffer =~ (^|$'\n')[[:space:]]*Enter\ password:[[:space:]]*$ ]] || stop=question ;;
    2) stop=silent ;;
    3) stop=gone ;;
  esac
  IFS= read -r -d '' -t 0.3 -u 6 chunk # a tool that goes on talking does not wait for a password
  plain && buffer+=$chunk
  [[ -n $stop || $chunk =~ ^[[:space:]]*$ ]] || stop=unasked
  [[ $stop != unasked ]] || stop=$([[ -n $asked_before ]] && echo login || echo unsuited-login)
}

give_password() {
  local asked=$buffer
  asked_before=yes
  type_line "${secrets[who]}"
  await_prompt
  case $? in 1) stop=question ;; 2) stop=silent ;; 3) stop=gone ;; esac
  buffer=$asked$buffer
  record
  logged_in
}

fail() { [[ -n $stop ]] || stop=$1 detail=$command; }

pages() { # a command, and again for every further page
  local token='' page
  for ((page = 1; page <= PAGES; page++)); do
    say "$1${token:+ --starting-token $token}"
    succeeded || fail need
    [[ -z $stop && $answered =~ \"next[_-]token\"[[:space:]]*:[[:space:]]*\"([A-Za-z0-9_=-]{1,64})\" ]] || return 0
    [[ ${BASH_REMATCH[1]} != "$token" ]] || return 0
    token=${BASH_REMATCH[1]}
  done
}

# Plays the dialogue. Whatever is unexpected ends it before the next command.
#   send C   one command that must succeed           login N R C  as the N-th login, in role R, on cluster C
#   pages C  the same, page by page                  logout C     from cluster C
#   ask C    one whose answer is not needed          mark W       remember on disk how far it came
#   try C    one that may fail, if its answer matches the last `tolerate R`
perform() {
  local line words asked_before=''
  while [[ -z $stop ]] && IFS= read -r line <&5; do
    case $line in
      'mark '*) mark "${line#mark }" ;;
      'send '*) say "${line#send }"; succeeded || fail need ;;
      'ask '*) say "${line#ask }" ;;
      'pages '*) pages "${line#pages }" ;;
      'tolerate '*) tolerated=${line#tolerate } ;;
      'try '*) say "${line#try }"; succeeded || [[ -n $tolerated && $answered =~ $tolerated ]] || fail failed ;;
      'login '*) read -r -a words <<<"${line#login }" && log_in "${words[@]}" ;;
      'logout '*) [[ $mode == single ]] || say "logout --cluster-id ${line#logout }" ;;
    esac
  done
}
