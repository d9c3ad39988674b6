#!/bin/bash
# CloudHSM CLI shows no count of failed logins before it says that a user is locked, and five lock the account. So they
# are counted here, for each user and cluster, until a login works. tool.sh: may_log_in, then counted right before the
# password is given, then logged_in; or not_tried.
failures='' failed=0 was=''

# Not again after two failures, unless the secret has another version since the last of them; not after three. What
# cannot be looked up is no other version.
may_log_in() { # cluster. 1: no, and `stop` says why
  local version='' now
  failures=${in[state]}/failed-logins/$1.${users[who],,} failed=0
  # One at a time, also towards other destinations: all would read the same count.
  [[ -d ${failures%/*} ]] || mkdir -p "${failures%/*}"
  { exec 10>>"$failures.lock" && flock -w 60 10; } || { stop=state; return 1; }
  was=''
  if [[ -e $failures ]]; then # one that says nothing (power went, the disk was full) is no zero
    was=$(cat "$failures")
    read -r failed version <<<"$was"
  fi
  [[ $failed =~ ^[0-9]{1,3}$ ]] || failed=3
  ((failed > 1)) || return 0
  now=$(secret_version)
  ((failed > 2)) || [[ $version == unknown || $now == unknown || $now == "$version" ]] || return 0
  stop=risk detail="${users[who]} had $failed failed logins on ${failures##*/} (counted in $failures: remove it when a login by hand has worked)"
  exec 10>&-
  return 1
}

# A login counts as failed until it is known to have worked: the step may be killed in between.
count_login() { # version of the secret, or `unknown`
  { printf '%s %s\n' "$((failed + 1))" "$1" >"$failures.new" && mv "$failures.new" "$failures"; } || stop=state
}

not_tried() { # no password was given
  if [[ -n $was ]]; then printf '%s\n' "$was" >"$failures"; else rm -f "$failures"; fi
  exec 10>&-
}

logged_in() {
  # In single command mode a listing stands for the login; who is told this about a key has been let in.
  if succeeded || [[ $answered == *'does not meet the availability requirements'* ]]; then
    rm -f "$failures"
  else
    fail login
    count_login "$(secret_version)"
  fi
  exec 10>&-
}

secret_version() {
  local references reference query version
  read -r -a references <<<"${in[logins]//,/ }"
  reference=${references[who]#*:}
  case ${reference%%:*} in
    secretsmanager) query=(secretsmanager get-secret-value --secret-id "${reference#*:}" --query VersionId) ;;
    ssm-parameter) query=(ssm get-parameter --name "${reference#*:}" --query Parameter.Version) ;;
  esac
  version=$(timeout --foreground 60 aws "${query[@]}" --region "${in[region]}" --output text 2>/dev/null)
  [[ $version =~ ^([0-9]{1,9}|[0-9A-Fa-f-]{32,64})$ ]] || version=unknown # nothing else is written down
  echo "$version"
}
