#!/bin/bash
# Part of a locked document only: what whoever holds the bot's role may not choose, since the data is theirs.
# The merged config is the base config on this bastion, but for how many servers it names, and their addresses. And no
# password is given before CMU said of every one of them that it is encrypted from end to end.
servers=0

permit_config() { # file
  local base merged addresses='[0-9A-Fa-f.:]*'
  base=$(without_addresses "${in[base]}" '[^"]*') && merged=$(without_addresses "$1" "$addresses") &&
    [[ -n $base && $merged == "$base" ]] || refuse config-digest "the config is not that of ${in[base]} with other servers"
  merged=$(<"$1") && while [[ $merged == *'"hostname"'* ]]; do merged=${merged#*'"hostname"'} servers=$((servers + 1)); done
}

permit_login() {
  local server
  for ((server = 0; server < servers; server++)); do
    matches "E2E enabled on server $server\\(" || { stop=need detail="E2E enabled on server $server"; return 1; }
  done
}

# With one server entry, and no white space but within strings. Only plain text: what bash and a JSON parser may read in
# two ways (escapes, zero bytes, signs that nobody sees) is no config that is taken.
without_addresses() { # file, what may be an address
  local text plain='' part isString='' entries entry rest
  [[ -z $(tr -d '\11\12\15\40-\133\135-\176' <"$1" | base64) ]] || return 1
  text=$(<"$1")
  while [[ $text == *'"'* ]]; do
    part=${text%%'"'*} text=${text#*'"'}
    if [[ -n $isString ]]; then isString=''; else part=${part//[[:space:]]/} isString=yes; fi
    plain+=$part'"'
  done
  plain+=${text//[[:space:]]/}
  text=$(sed -E "s/\"(hostname|name)\":\"$2\"/\"\\1\":\"\"/g" <<<"$plain")
  [[ $text == *'"servers":['*']'* ]] || return 1
  entries=${text#*'"servers":['} entries=${entries%%']'*}
  entry=${entries%%'},{'*}
  [[ $entry == "$entries" ]] || entry+='}'
  rest=${entries//"$entry"/}
  [[ -n $entry && -z ${rest//,/} ]] || return 1
  printf '%s\n' "${text/"$entries"/"$entry"}"
}
