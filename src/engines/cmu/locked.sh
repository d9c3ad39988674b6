#!/bin/bash
# Part of a locked document only: what whoever holds the bot's role may not choose, since the data is theirs.
# The merged config is the base config on this bastion, but for how many servers it names, and their addresses.
permit_config() { # file
  local base merged
  base=$(without_addresses "${in[base]}") && merged=$(without_addresses "$1") && [[ -n $base && $merged == "$base" ]] ||
    refuse config-digest "the config is not that of ${in[base]} with other servers"
}

without_addresses() { # file: with one server entry, and no white space
  local text entries entry rest
  text=$(tr -d '[:space:]' <"$1" | sed -E 's/"(hostname|name)":"[^"]*"/"\1":""/g') || return 1
  [[ $text == *'"servers":['*']'* ]] || return 1
  entries=${text#*'"servers":['} entries=${entries%%']'*}
  entry=${entries%%'},{'*}
  [[ $entry == "$entries" ]] || entry+='}'
  rest=${entries//"$entry"/}
  [[ -n $entry && -z ${rest//,/} ]] || return 1
  printf '%s\n' "${text/"$entries"/"$entry"}"
}
