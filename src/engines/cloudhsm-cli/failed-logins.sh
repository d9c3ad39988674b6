#!/bin/bash
# CloudHSM CLI shows no count of failed logins before it says that a user is locked, and five lock the account. So they are counted here, for each user and cluster,
# until a login works. tool.sh calls these two around each login.

logged_in() { # a password was given: remembered where it did not do
  # In single command mode a listing stands for the login; who is told this about a key has been let in.
  if succeeded || [[ $answered == *'does not meet the availability requirements'* ]]; then
    rm -f "$failures"
    return
  fi
  fail login
  local count
  { read -r count _ <"$failures" || count=0; } 2>/dev/null
  { mkdir -p "${failures%/*}" && printf '%s %s\n' "$((count + 1))" "$(secret_version)" >"$failures"; } 2>/dev/null || stop=state
}

# Not again after two failures with one version of the secret, or three in all.
is_risky() {
  local count version
  { read -r count version <"$failures" && ((count > 1)); } 2>/dev/null || return 1
  ((count > 2)) || [[ $version == "$(secret_version)" ]] || return 1
  stop=risk detail="${users[who]} had $count failed logins on ${failures##*/} (counted in $failures: remove it when a login by hand has worked)"
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
