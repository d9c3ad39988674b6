# Is this bastion as the settings say? The twin of check.sh, for `doctor`: each finding is a line `name=ok` or
# `name=<what is wrong>`; `clock` is a value that the bot judges. It logs in nowhere, opens the HSMs' ports and closes them
# again, and leaves nothing behind.
$HSM_PORTS = 2223, 2224, 2225; $PORT_SECONDS = 3; $SECRET_SECONDS = 6
$ENOUGH = 100 # megabytes: what operations leave behind in a month is far less

# hosts=: ENI IPs; logins=: every login that the settings name; cmu=, base=: of CMU.
function check {
  if ($given.hosts -cnotmatch '^[0-9A-Fa-f.:,]*\z') { refuse 'input' 'hosts' }
  $script:findings = New-Object Collections.Generic.List[string]
  $ports = @(open_ports)
  found 'clock' ([string][long][Math]::Floor(([DateTime]::UtcNow - [DateTime]'1970-01-01').TotalSeconds))
  found 'work' (folder_taken $given.work)
  found 'state' (folder_taken $given.state)
  found 'state-free' (space_left $given.state)
  found 'cmu-binary' $(if ([IO.File]::Exists($given.cmu)) { 'ok' } else { 'is missing' })
  found 'cmu-config' (readable $given.base)
  look_secrets
  look_ports $ports
  answer 'done' '' 0 (pack $ASCII.GetBytes($findings -join "`n"))
}

function found([string]$name, [string]$what) { $findings.Add("$name=$(one_line $what)") }

function readable([string]$path) { try { [void][IO.File]::ReadAllBytes($path); 'ok' } catch { 'is missing, or cannot be read' } }

# The folder is made by the first session, and only for SYSTEM and Administrators: until then it is the nearest one above
# it that must take it.
function folder_taken([string]$path) {
  $isThere = [IO.Directory]::Exists($path)
  try {
    if ($isThere) { own_folder $path } else { $path = above $path }
    $probe = "$path/.hsm-sync.$PID"
    store $probe 'CreateNew' $ASCII.GetBytes('x')
    remove $probe
    'ok'
  } catch { if ($isThere) { $_.Exception.GetBaseException().Message } else { "$path cannot be written" } }
}

function above([string]$path) {
  while ($path -and -not [IO.Directory]::Exists($path)) { $path = $path.Substring(0, [Math]::Max(0, $path.LastIndexOfAny([char[]]'/\'))) }
  if ($path) { $path } else { '.' }
}

function space_left([string]$path) {
  $drive = New-Object IO.DriveInfo([IO.Path]::GetPathRoot([IO.Path]::GetFullPath($path)))
  $free = [Math]::Floor($drive.AvailableFreeSpace / 1MB)
  if ($free -ge $ENOUGH) { 'ok' } else { "is $free MB" }
}

# Only whether it could be used is told. What it holds stays in memory.
function look_secrets {
  function refuse([string]$reason, [string]$detail) { throw $detail }
  $at = 0
  $script:AWS_SECONDS = $SECRET_SECONDS
  foreach ($login in $given.logins.Split([char[]]',', [StringSplitOptions]::RemoveEmptyEntries)) {
    $at++
    try { fetch_login $login; found "secret.$at" 'ok' } catch { found "secret.$at" $_.Exception.GetBaseException().Message }
  }
}

# Each port is opened, nothing is sent; all at once.
function open_ports {
  foreach ($address in $given.hosts.Split([char[]]',', [StringSplitOptions]::RemoveEmptyEntries)) {
    foreach ($port in $HSM_PORTS) {
      $family = if ($address.Contains(':')) { 'InterNetworkV6' } else { 'InterNetwork' }
      $client = New-Object Net.Sockets.TcpClient([Net.Sockets.AddressFamily]$family)
      @{ name = "hsm.$address.$port"; client = $client; asked = $client.ConnectAsync($address, $port); until = $clock.Elapsed.TotalSeconds + $PORT_SECONDS }
    }
  }
}

function look_ports($ports) {
  foreach ($one in $ports) {
    $left = [Math]::Max(0, $one.until - $clock.Elapsed.TotalSeconds)
    try { $said = if ($one.asked.Wait([int]($left * 1000))) { 'ok' } else { "does not answer in $PORT_SECONDS seconds" } }
    catch { $said = $_.Exception.GetBaseException().Message }
    $one.client.Close()
    found $one.name $said
  }
}
