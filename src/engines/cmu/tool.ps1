# What is particular to cloudhsm_mgmt_util.exe: the twin of tool.sh. bastion.ps1, which follows, is the rest.
# The crypto officer's password exists in this PowerShell's memory and on the pipe to the tool, nowhere else.
$PROMPT = '^\s*(aws-cloudhsm|cloudmgmt|server ?[0-9]*) ?> ?\z'
$QUESTION = '\((R/I/A|R/B/I|[Yy]/[Nn])\)|Enter [a-z ]*password'

function read_config { # config=: the base config
  if ($given.binary -and -not [IO.File]::Exists($given.binary)) { refuse 'tool-missing' $given.binary }
  if ([IO.Directory]::Exists($given.config)) { refuse 'config-unreadable' $given.config }
  if (-not [IO.File]::Exists($given.config)) { refuse 'config-missing' $given.config }
  try { $bytes = [IO.File]::ReadAllBytes($given.config) } catch { refuse 'config-unreadable' $given.config }
  # What any step needs is found missing when somebody asks, not after the approvals.
  if (-not (Get-Command -Name aws, Get-SECSecretValue, Get-SSMParameterValue -ErrorAction SilentlyContinue)) {
    refuse 'tool-missing' 'aws'
  }
  $packed = pack $bytes
  if ($packed.Length -gt $CHUNK) { refuse 'config-too-large' $given.config }
  answer 'done' '' 0 $packed
}

function prepare { # config=: the merged config, packed; it must be the approved one
  try { $config = unpack $given.config } catch { refuse 'input' 'config' }
  if ((sha256_of $LATIN.GetBytes($config)) -cne $given.sha256) { refuse 'config-digest' 'the config is not the approved one' }
  if ($PERMITTED) { permit_config $config }
  try { store "$private/config" 'Create' $LATIN.GetBytes($config) } catch { refuse 'workdir' "$($given.work) does not take what the step needs" }
}

function play {
  open_tool $given.binary "$private/config"
  talk
  close_tool
  record
}

# One segment of the transcript, ended by a record separator, the secret cut out.
function record {
  without_secrets
  keep ($buffer.Replace([string][char]0x1e, '') + [char]0x1e)
}

# Does a line printed so far match? The patterns are extended regular expressions; of their classes .NET lacks one.
function matches([string]$pattern) {
  $pattern = $pattern.Replace('[[:space:]]', '\s')
  foreach ($line in $said.ToString().Split("`n")) { if ([regex]::IsMatch($line, $pattern)) { return $true } }
  $false
}

# Plays the dialogue. Each command waits for the tool's prompt; whatever is unexpected ends it before the next command.
#   send C  send the command                           login   log in as crypto officer
#   need R  a line printed so far matches R, or stop   mark W  remember on disk how far it came
function talk {
  while ($true) {
    $why = await_prompt
    record
    if ($why -and -not $stop) { $script:stop = $why }
    $line = '' # the secret, once, for the moment it takes to write it
    while (-not $stop -and -not $line) {
      if ($dialogue.Count -eq 0) { return }
      $word, $rest = $dialogue.Dequeue().Split([char[]]' ', 2)
      switch -CaseSensitive ($word) {
        'mark' { mark $rest }
        'need' { if (-not (matches $rest)) { $script:stop = 'need'; $script:detail = $rest } }
        'send' { $line = $rest }
        'login' { if (-not $secrets.Count) { $script:stop = 'need'; $script:detail = 'a login' } elseif (-not $PERMITTED -or (permit_login)) { $line = 'loginHSM CO ' + $users[0] + ' ' + $secrets[0] } }
      }
    }
    if ($stop) { return }
    if ($clock.Elapsed.TotalSeconds -ge $deadline) { end_program $tool; $script:stop = 'gone'; return }
    if (-not (tell_tool)) { $script:stop = 'gone'; return }
    $script:sent++
  }
}
