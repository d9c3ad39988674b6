#!/bin/bash
# What is particular to cloudhsm_mgmt_util; bastion.sh, which follows, is the rest.
# The crypto officer's password exists in this shell's memory and on the pipe to the tool, nowhere else.
NEEDED=()
PROMPT_END='>'
PROMPT=$'(^|\n)[[:space:]]*(aws-cloudhsm|cloudmgmt|server ?[0-9]*) ?>$'
QUESTION='\((R/I/A|R/B/I|[Yy]/[Nn])\)|Enter [a-z ]*password'

read_config() { # config=: the base config
  [[ -z ${in[binary]} || -x ${in[binary]} ]] || refuse tool-missing "${in[binary]}"
  [[ -e ${in[config]} ]] || refuse config-missing "${in[config]}"
  [[ -f ${in[config]} && -r ${in[config]} ]] || refuse config-unreadable "${in[config]}"
  answer_file "${in[config]}" ''
}

prepare() { # config=: the merged config, packed; it must be the approved one
  unpack "${in[config]}" "$private/config" || refuse input config
  [[ $(sha256sum <"$private/config") == "${in[sha256]}  -" ]] || refuse config-digest 'the config is not the approved one'
  [[ -z ${PERMITTED-} ]] || permit_config "$private/config"
}

play() {
  open_tool "${in[binary]}" "$private/config"
  talk
  close_tool
  record
}

# One segment of the transcript, ended by a record separator, the secret cut out.
record() {
  without_secrets
  keep "${buffer//$'\x1e'/}"$'\x1e'
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
    case $status in 1) stop=question ;; 2) stop=${stop:-silent} ;; 3) stop=${stop:-gone} ;; esac
    command='' # the secret, once, for the moment it takes to write it
    while [[ -z $stop && -z $command ]]; do
      IFS= read -r line <&5 || return
      case $line in
        'mark '*) mark "${line#mark }" ;;
        'need '*) matches "${line#need }" || stop=need detail=${line#need } ;;
        'send '*) command=${line#send } ;;
        login) [[ -n ${PERMITTED-} ]] && ! permit_login || command="loginHSM CO ${users[0]} ${secrets[0]}" ;;
      esac
    done
    [[ -z $stop ]] || return
    printf '%s\n' "$command" >&7 || { stop=gone; return; }
    sent=$((sent + 1))
  done
}
