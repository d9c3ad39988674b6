#!/bin/bash
# How the configuration of CloudHSM CLI for two clusters is made: by the tool's own program, where nobody else sees it.
# failed-logins.sh, tool.sh and bastion.sh follow.
NEEDED=(cp date grep mount sort tail unshare)
inside=() making=() with_login=()
# What runs in a mount namespace of its own (mount_namespaces(7)), by /bin/sh: <umask> <folder> <the place where it is
# seen> <the tool's home> <command> … The mounts exist in that command's namespace only: nobody else notices, nothing is
# left to undo, and the operator's own file is never touched.
SEE="umask \"\$0\" && mount --bind \"\$1\" \"\$2\""
# The program that makes the file writes where it likes: should that be another folder than the settings name, it finds
# it read only. It may log to run/.
GUARD="{ [ ! -d \"\$3/run\" ] || mount --bind \"\$3/run\" \"\$3/run\"; } && mount --rbind \"\$3\" \"\$3\" && mount -o remount,bind,ro \"\$3\""
# Nothing starts unless the place really shows the folder.
GO="[ \"\$1\" -ef \"\$2\" ] && shift 3 && exec \"\$@\""
# Variables of the tool's own process come on standard input: no other process has them.
GIVE="while IFS= read -r variable; do export \"\$variable\"; done; $GO </dev/null"

# The tool's configuration for both clusters, made by the tool itself: clusters= holds <id>=<Region>=<ENI IP>,<ENI IP>…
# for each. After every command the file must name exactly the approved clusters and addresses so far: an address can
# then not stand behind the other cluster's id.
prepare() {
  local entry rest host hosts ids wanted='' sorted etc=${in[config]%/*} home=${in[configure]%/*/*} made=$private/etc/${in[config]##*/} said found from
  local apart=(unshare --mount --propagation private -- /bin/sh -c) where=("$usual" "$private/etc" "$etc" "$home")
  [[ -x ${in[configure]} ]] || refuse tool-missing "${in[configure]}"
  [[ -d $etc ]] || refuse config-missing "$etc"
  { mkdir "$private/etc" && cp -a "$etc/." "$private/etc" && rm -f "$made"; } || refuse workdir "${in[work]}"
  inside=("${apart[@]}" "$SEE && $GO" "${where[@]}")
  with_login=("${apart[@]}" "$SEE && $GIVE" "${where[@]}")
  making=("${apart[@]}" "$SEE && $GUARD && $GO" "${where[@]}")
  [[ $home == /?* ]] || refuse config-missing "${in[configure]} is in no folder like /opt/cloudhsm/bin"
  for entry in ${in[clusters]}; do
    rest=${entry#*=} hosts=${entry##*=}
    from=$SECONDS
    said=$(timeout --foreground -k 5 60 "${making[@]}" "${in[configure]}" add-cluster --cluster-id "${entry%%=*}" --region "${rest%%=*}" 2>&1 </dev/null) || {
      found=$("${making[@]}" true 2>&1) || refuse namespace "${found:-$etc does not show the private folder}" # so it was not even started
      ((SECONDS - from < 60)) || refuse configure "${entry%%=*}: \`${in[configure]##*/}\` did not end in 60 seconds: is there a way from the bastion to the CloudHSM API in ${rest%%=*}?"
      refuse configure "${entry%%=*}: $(tr -s '[:space:]' ' ' <<<"$said" | tail -c 400)"
    }
    [[ -f $made ]] || refuse configure "${entry%%=*}: it made no ${in[config]##*/}"
    wanted+="\"${entry%%=*}\""$'\n'
    for host in ${hosts//,/ }; do wanted+="\"hostname\":\"$host\""$'\n'; done
    found=$(grep -oE '"cluster-[2-7a-zA-Z]{11,16}"|"hostname"[[:space:]]*:[[:space:]]*"[^"]*"' "$made" | sort -u)
    [[ ! $found =~ :[[:space:]]*\"[^\"]*[[:space:]] ]] || refuse configured-hosts "${entry%%=*}: ${found//$'\n'/ }" # white space in an address
    found=${found//[ $'\t']/} sorted=$(sort -u <<<"${wanted%$'\n'}")
    if [[ $found != "$sorted" ]]; then
      ids=${found%%$'\n'\"hostname*} # sorted, they stand before the addresses
      [[ $ids == "${sorted%%$'\n'\"hostname*}" ]] || refuse configured-clusters "${entry%%=*}: ${ids//$'\n'/ }"
      found=${found#"$ids"}
      refuse configured-hosts "${entry%%=*}:${found//$'\n'\"hostname\":/ }"
    fi
    # In a cluster of one HSM the tool would find no key safe enough (user guide, key availability check). Only a file
    # of one cluster takes the option; where it is refused, the tool itself says later what it lacks.
    [[ $entry != "${in[clusters]%% *}" || $hosts == *,* ]] ||
      timeout --foreground -k 5 30 "${making[@]}" "${in[configure]}" --disable-key-availability-check >/dev/null 2>&1 </dev/null
  done
}

read_config() { # the tool's version, and the configuration it makes for these clusters
  local version
  [[ -x ${in[binary]} ]] || refuse tool-missing "${in[binary]}"
  version=$(timeout --foreground 30 "${in[binary]}" --version 2>&1 </dev/null | head -c 4000)
  version=$(grep -m 1 -E '^[[:space:]]*([A-Za-z_-]+[[:space:]]+){0,3}v?[0-9]+\.[0-9]+' <<<"$version" || head -n 1 <<<"$version")
  [[ $version =~ [0-9]+\.[0-9]+ ]] || refuse version "${version:0:200}"
  find "${in[work]}" -maxdepth 1 -name 'hsm-sync.look.*' -mmin +10 -exec rm -rf {} + # left by one that was killed
  private=$(mktemp -d "${in[work]}/hsm-sync.look.XXXXXXXX") || refuse workdir "${in[work]}"
  trap 'rm -rf "$private"' EXIT
  prepare
  answer_file "$private/etc/${in[config]##*/}" "${version:0:200}"
}
