#!/bin/bash
# What a bastion remembers of an operation and how it answers; the tool's own part stands in front of this, bastion.sh
# follows. What cannot be recorded is not begun; what was begun and cannot be recorded any more stops. What is answered
# comes from memory, where there is one. The one block the bot reads; everything around it is ignored. It names its
# action, and of a session it always says how far it came, from memory: a disk that takes nothing any more cannot hide
# that. Exit codes stay small: 137, 168 and 194 mean something to the SSM agent.
answer() { # result, detail, exit code [, base64]
  local sum
  [[ ${in[action]} != session ]] || how_far
  printf '%s\n' '-----BEGIN HSM-SYNC-----' "action=${in[action]}" "operation=${in[operation]}" "result=$1" "detail=${2//$'\n'/ }" ${facts:+"$facts"}
  if [[ -n ${4-} ]]; then
    sum=$(printf '%s' "$4" | sha256sum)
    printf '%s\n' "sha256=${sum%% *}" "chunks=$(((${#4} + CHUNK - 1) / CHUNK))" "chunk=${in[chunk]}" \
      "content=${4:(in[chunk] - 1) * CHUNK:CHUNK}"
  fi
  printf '%s\n' '-----END HSM-SYNC-----'
  exit "$3"
}

# What was sent to the HSMs at the most: `none` nothing that needs a login, `login` perhaps a password, `read` and
# `write` what needs one.
how_far() {
  facts="${marked:+mark=$marked$'\n'}seconds=$((SECONDS - began))"$'\n'"sent=$sent"
  ((${#users[@]} == 0)) || facts+=$'\n'"logins=$(IFS=, && echo "${users[*]}")"
}

# Refused: the tool was not started, no HSM was reached. Remembered, so that the same operation gets the same answer.
refuse() {
  [[ -z $owned ]] || { how_far && remember "refused-$1" "$2"; }
  answer "refused-$1" "$2" 1
}

# The end of an operation, for those who ask later. The result comes last: it is there whole or not at all. What the
# disk does not take is told from memory.
remember() { # result, detail [, base64]
  { printf '%s\n' "$facts" >"$dir/facts" && { [[ -z ${3-} ]] || printf '%s' "$3" >"$dir/packed"; } &&
    printf '%s\n%s\n' "$1" "${2//$'\n'/ }" >"$dir/result.new" && mv "$dir/result.new" "$dir/result"; } 2>/dev/null
}

# Takes the name of an operation, once and for all: its folder appears whole, with its first word in it, or not at all;
# whoever sees it finds its lock held. 1: the name was taken. 2: it could not be recorded, so it is not begun.
claim() { # file, its text
  local fresh=$dir.$$ status=2
  { mkdir "$fresh" && : >"$fresh/alive" && exec 8<"$fresh/alive" && flock -n 8 && printf '%s' "$2" >"$fresh/$1" && sync "$fresh/$1" "$fresh" &&
    mv -T "$fresh" "$dir" && status=1 && sync "${dir%/*}" && return 0; } 2>/dev/null
  rm -rf "$fresh"
  [[ $status == 1 || ! -d $dir ]] || return 1
  return 2
}

unpack() { base64 -d <<<"$1" | gzip -dc >"$2" 2>/dev/null; } # a here-string may touch the disk: never for the secret
pack() { gzip -9nc "$1" | base64 -w 0; }

answer_file() { # file, detail: a whole file in one chunk
  local packed; packed=$(pack "$1")
  ((${#packed} <= CHUNK)) || refuse config-too-large "$1"
  answer 'done' "$2" 0 "$packed"
}

read_end() { end=(); if [[ -e $dir/result ]]; then mapfile -t -n 2 end <"$dir/result"; fi; }

# What is known of an operation. One that never started can be sealed: a command that arrives late then finds its name
# taken.
fetch() {
  local end=() packed=''
  if [[ ! -d $dir ]]; then
    [[ ${in[seal]} == yes ]] || answer not-started '' 0
    claim result $'sealed\n\n'
    case $? in 0) answer sealed '' 0 ;; 2) refuse state "it cannot be recorded in ${in[state]}" ;; esac
  fi
  read_end
  if [[ -z ${end[0]-} ]]; then
    exec 8<"$dir/alive" || refuse state "$dir has no lock"
    flock -n 8 || answer running '' 0
    read_end # it may have ended in this moment
  fi
  case ${end[0]-} in
    sealed) answer sealed '' 0 ;;
    '') # nobody runs it and it has no end: killed
      end=(stopped-killed '')
      rm -rf "${in[work]}"/hsm-sync.*."${in[operation]}"
      [[ $(cat "$dir/mark" 2>/dev/null) =~ ^(none|login|read|write)$ ]] && facts="mark=${BASH_REMATCH[0]}"
      remember "${end[@]}" ;;
    *) facts=$(cat "$dir/facts" 2>/dev/null) ;;
  esac
  facts="recorded=${end[0]}"$'\n'$facts
  if [[ -e $dir/packed ]]; then packed=$(<"$dir/packed"); elif [[ -e $dir/transcript ]]; then packed=$(pack "$dir/transcript"); fi
  answer recorded "${end[1]-}" 0 "$packed"
}

# The end of an operation: remembered as far as the disk takes it, and answered in any case.
conclude() { # result, detail, exit code
  local packed; packed=$(pack "$dir/transcript")
  how_far
  remember "$1" "$2" "$packed"
  answer "$1" "$2" "$3" "$packed"
}

# One more chunk of the transcript. What cannot be recorded any more is not gone on with.
keep() { printf '%s' "$1" >>"$dir/transcript" 2>/dev/null || stop=${stop:-state}; }

# Recorded before what it announces is sent, even if power goes: how far the dialogue comes.
mark() {
  { printf '%s' "$1" >"$dir/mark.new" && mv "$dir/mark.new" "$dir/mark" && sync "$dir/mark" "$dir"; } 2>/dev/null || stop=state
  [[ -n $stop ]] || marked=$1
}
