# Part of a locked document only: the twin of locked.sh. The merged config is the base config on this bastion, but for how
# many servers it names, and their addresses. And no password is given before CMU said of every one of them that it is
# encrypted from end to end.
$servers = 0

function permit_config([string]$config) {
  $base = without_addresses (read_file $given.base) '[^"]*'
  if (-not $base -or (without_addresses $config '[0-9A-Fa-f.:]*') -cne $base) {
    refuse 'config-digest' "the config is not that of $($given.base) with other servers"
  }
  $script:servers = [regex]::Matches($config, '"hostname"').Count
}

function permit_login {
  for ($server = 0; $server -lt $servers; $server++) {
    if (-not (matches "E2E enabled on server $server\(")) { $script:stop = 'need'; $script:detail = "E2E enabled on server $server"; return $false }
  }
  $true
}

# With one server entry, and no white space but within strings. Only plain text: what PowerShell and a JSON parser may
# read in two ways (escapes, zero bytes, signs that nobody sees) is no config that is taken. Paths of Windows have one
# escape that can only be read in one way: two backslashes.
function without_addresses([string]$text, [string]$address) {
  if ([regex]::Replace($text, '[\t\n\r -\[\]-~]|\\\\', '')) { return '' }
  $plain = [regex]::Replace($text, '("[^"]*")|\s+', '$1')
  $plain = [regex]::Replace($plain, '"(hostname|name)":"' + $address + '"', '"$1":""')
  $list = [regex]::Match($plain, '"servers":\[([^\]]*)\]')
  if (-not $list.Success) { return '' }
  $entries = $list.Groups[1].Value
  $next = $entries.IndexOf('},{')
  $entry = if ($next -lt 0) { $entries } else { $entries.Substring(0, $next + 1) }
  if (-not $entry -or $entries.Replace($entry, '').Trim([char[]]',')) { return '' }
  $plain.Remove($list.Groups[1].Index, $entries.Length).Insert($list.Groups[1].Index, $entry)
}
