# Runs one step of a sync on a Windows bastion: the twin of bastion.sh, with the same actions, block and promises.
# The bot sends it through SSM Run Command, without comments, after a line that puts the data into $data. It runs on
# Windows PowerShell 5.1 (which SSM starts) and on 7: only what both have (a test holds it to a list).
#
# What is printed is ASCII with line feeds.
if ($ExecutionContext.SessionState.LanguageMode -cne 'FullLanguage') {
  '-----BEGIN HSM-SYNC-----'; $data -cmatch '^(action|operation)='; 'result=refused-input'
  "detail=PowerShell runs scripts in $($ExecutionContext.SessionState.LanguageMode) mode here (AppLocker, App Control): allow those of the SSM Agent"
  'mark=none'; '-----END HSM-SYNC-----'
  exit 1
}
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
$CHUNK = 18000 # characters of base64 in one answer: SSM cuts at 24,000 (GetCommandInvocation)
$PATIENCE = 120 # seconds without a byte from the tool
$AWS_SECONDS = 60 # for one secret
$BUSY_SECONDS = 20 # for another step of the same destination
$KEEP_DAYS = 30 # as long as SSM keeps its own command records
$ASCII = [Text.Encoding]::ASCII
$LATIN = [Text.Encoding]::GetEncoding(28591)
$given = @{
  action = ''; operation = ''; config = ''; sha256 = ''; dialogue = ''; logins = ''; region = ''; binary = ''; lock = ''
  state = 'C:\ProgramData\hsm-sync'; work = 'C:\ProgramData\hsm-sync\work'; seconds = '600'; until = '0'; chunk = '1'; seal = 'no'
  hosts = ''; cmu = ''; base = ''
}
$clock = [Diagnostics.Stopwatch]::StartNew()
$private = ''; $owned = $false; $marked = 'none'; $facts = @(); $sent = 0; $buffer = ''; $stop = ''; $detail = ''; $began = 0.0
$users = @(); $secrets = @(); $raw = ''
$tool = $null; $alive = $null; $turn = $null; $said = New-Object Text.StringBuilder
$cuts = New-Object Collections.Generic.List[string]
$dialogue = New-Object Collections.Generic.Queue[string]
if (-not (Test-Path variable:PERMITTED)) { $PERMITTED = '' }
# The agent may have been started before the AWS CLI was installed: it then has the PATH of that time.
if ($env:ProgramFiles) { $env:PATH += [IO.Path]::PathSeparator + $env:ProgramFiles + '\Amazon\AWSCLIV2' }

# A folder for SYSTEM and Administrators alone. Whoever may sign in can make folders in ProgramData, so one that is there
# is taken only if nobody else owns it or has a right to it; a new one gets its name when its rights are set.
function own_folder([string]$path) {
  if (-not [IO.Directory]::Exists($path)) {
    $fresh = "$path.$([guid]::NewGuid())" # a name that nobody can have made before
    [void][IO.Directory]::CreateDirectory($fresh)
    if ($env:OS -ceq 'Windows_NT') {
      $rights = Get-Acl -LiteralPath $fresh
      $rights.SetSecurityDescriptorSddlForm('O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)')
      Set-Acl -LiteralPath $fresh -AclObject $rights
    }
    if (@([IO.Directory]::GetFileSystemEntries($fresh)).Count) { throw "somebody else put something into $fresh" }
    try { move_in $fresh $path } catch { remove $fresh; if (-not [IO.Directory]::Exists($path)) { throw } }
  }
  # A link leads where its owner wants it to, also after it was looked at.
  if ([int][IO.File]::GetAttributes($path) -band 1024) { throw 'it is a link, no folder: remove it' }
  if ($env:OS -cne 'Windows_NT') { return }
  $sddl = (Get-Acl -LiteralPath $path).Sddl
  if ($sddl -cnotmatch '^O:(BA|SY)G:[^:()]+D:[A-Z]*(\(A;[A-Z]*;[^;()]+;;;(SY|BA)\))+$') {
    throw "others than SYSTEM and Administrators have rights to it ($sddl): remove it, or their rights"
  }
}

function session {
  switch (claim 'mark.none' 'none' 5) {
    'taken' { $script:marked = ''; answer 'refused-already-started' '' 1 }
    'unrecorded' { refuse 'state' "an operation cannot be recorded in $($given.state) (is the disk full, or read only?)" }
  }
  $script:owned = $true
  $now = [long][Math]::Floor(([DateTime]::UtcNow - [DateTime]'1970-01-01').TotalSeconds)
  if ([long]$given.until -ne 0 -and $now -gt [long]$given.until) {
    refuse 'late' "by the bastion's clock it comes $($now - [long]$given.until) seconds too late"
  }
  $script:turn = take "$($given.state)/locks/$($given.lock)" $BUSY_SECONDS # both locks name the tool: they are free when it is gone
  if (-not $turn) { refuse 'state' "$($given.state)/locks" }
  if ($turn -is [string]) { refuse 'busy' 'another step for this destination is running on the bastion' }
  if (-not [IO.File]::Exists($given.binary)) { refuse 'tool-missing' $given.binary }
  try { own_folder $given.work } catch { refuse 'workdir' "$($given.work): $($_.Exception.GetBaseException().Message)" }
  # Left by a killed step: the lock is ours, so nobody uses them.
  foreach ($left in [IO.Directory]::GetDirectories($given.work, "hsm-sync.$($given.lock).*")) { remove $left }
  forget
  $script:private = "$($given.work)/hsm-sync.$($given.lock).$($given.operation)"
  try { [void][IO.Directory]::CreateDirectory($private) } catch { refuse 'workdir' $given.work }
  try { $lines = (unpack $given.dialogue).TrimEnd("`n").Split("`n") } catch { refuse 'input' 'dialogue' }
  if ($PERMITTED) { permit_dialogue $lines }
  foreach ($line in $lines) { $dialogue.Enqueue($line) }
  prepare
  # The .NET Framework writes the preamble of this encoding to the tool before anything else: UTF-8 has one.
  try { [Console]::InputEncoding = $ASCII } catch { $Error.Clear() }
  if ([Console]::InputEncoding.GetPreamble().Length) {
    refuse 'input' 'the input code page of this system is UTF-8: three bytes would come before the first command'
  }
  foreach ($login in $given.logins.Split([char[]]',', [StringSplitOptions]::RemoveEmptyEntries)) { fetch_login $login }
  try { store "$dir/transcript" 'Create' (New-Object byte[] 0) } catch { refuse 'state' $given.state }
  $script:began = $clock.Elapsed.TotalSeconds
  play
  if ($stop) { conclude "stopped-$stop" $detail 3 } else { conclude 'done' $detail 0 }
}

function forget {
  $old = [DateTime]::UtcNow.AddDays(-$KEEP_DAYS)
  foreach ($entry in [IO.Directory]::GetFileSystemEntries("$($given.state)/operations")) {
    if ([IO.Directory]::GetLastWriteTimeUtc($entry) -lt $old) { remove $entry }
  }
}

# In a locked document the data is whoever's may send it: what is no line of a listing or a copy is not played.
function permit_dialogue($lines) {
  if ($given.until -ceq '0' -or -not $given.lock) { refuse 'input' 'until or lock' }
  foreach ($line in $lines) { if (-not [regex]::IsMatch($line, $PERMITTED)) {
    refuse 'input' "a line that no dialogue has: $($line.Substring(0, [Math]::Min(100, $line.Length)))" }
  }
}

function main {
  foreach ($pair in $data) { $name, $value = $pair.Split([char[]]'=', 2); $given[$name] = $value }
  $script:dir = "$($given.state)/operations/$($given.operation)"
  $isPlain = $given.operation -cmatch '^[A-Z0-9]+\.[0-9]+\z' -and $given.lock -cmatch '^[A-Za-z0-9-]*\z'
  if (-not $isPlain -or $given.chunk -cnotmatch '^[1-9][0-9]{0,8}\z' -or $given.until -cnotmatch '^[0-9]{1,16}\z') {
    refuse 'input' 'operation, lock, chunk or until'
  }
  switch -CaseSensitive ($given.action) {
    'read-config' { read_config }
    'check' { if (Test-Path function:check) { check } else { refuse 'input' 'this script holds no check' } }
    { 'session', 'fetch' -ccontains $_ } {
      try { own_folder $given.state; foreach ($name in 'operations', 'locks') { [void][IO.Directory]::CreateDirectory("$($given.state)/$name") } }
      catch { refuse 'state' "$($given.state) cannot be used: $($_.Exception.GetBaseException().Message)" }
      & $given.action
    }
    default { refuse 'input' "unknown action $($given.action)" }
  }
}

# Whatever else goes wrong ends a tool that runs, and is told with how far it came.
try { main }
catch {
  $why = "line $($_.InvocationInfo.ScriptLineNumber): $($_.Exception.GetBaseException().Message)"
  if ($tool) { end_program $tool; record; conclude 'stopped-state' $why 3 } else { refuse 'state' $why }
}
finally { if ($private) { remove $private } }
