# What a bastion remembers of an operation and how it answers: the twin of operation.sh, whose rules are kept here. The
# tool's own part stands in front of this, bastion.ps1 follows. Where Windows makes it differ, the reason stands beside it.

# The one block the bot reads. Line feeds only, ASCII only: no code page changes those.
function answer([string]$result, [string]$detail, [int]$code, [string]$packed) {
  if ($given.action -ceq 'session') { how_far }
  $lines = @('-----BEGIN HSM-SYNC-----', "action=$($given.action)", "operation=$($given.operation)")
  $lines += @("result=$result", "detail=$(one_line $detail)") + $facts
  if ($packed) {
    $from = ([int]$given.chunk - 1) * $CHUNK
    $part = if ($from -lt $packed.Length) { $packed.Substring($from, [Math]::Min($CHUNK, $packed.Length - $from)) } else { '' }
    $lines += "sha256=$(sha256_of $ASCII.GetBytes($packed))", "chunks=$([Math]::Ceiling($packed.Length / $CHUNK))"
    $lines += "chunk=$($given.chunk)", "content=$part"
  }
  [Console]::Out.Write(($lines + '-----END HSM-SYNC-----' -join "`n") + "`n")
  [Console]::Out.Flush()
  exit $code
}

function one_line([string]$text) { [regex]::Replace([regex]::Replace($text, '\s+', ' '), '[^ -~]', '?').Trim() }

# What was sent to the HSMs at the most: `none` nothing that needs a login, `login` perhaps a password, `read` and
# `write` what needs one.
function how_far {
  $script:facts = @()
  if ($marked) { $script:facts += "mark=$marked" }
  $script:facts += "seconds=$([int][Math]::Floor($clock.Elapsed.TotalSeconds - $began))", "sent=$sent"
  if ($users.Count) { $script:facts += "logins=$($users -join ',')" }
}

# Refused: the tool was not started, no HSM was reached. Remembered, so that the same operation gets the same answer.
function refuse([string]$reason, [string]$detail) {
  if ($owned) { how_far; [void](remember "refused-$reason" $detail '') }
  answer "refused-$reason" $detail 1
}

# The end of an operation, for those who ask later. The result comes last: it is there whole or not at all. What the
# disk does not take is told from memory.
function remember([string]$result, [string]$detail, [string]$packed) {
  try {
    store "$dir/facts" 'Create' $ASCII.GetBytes($facts -join "`n")
    if ($packed) { store "$dir/packed" 'Create' $ASCII.GetBytes($packed) }
    store "$dir/result.new" 'Create' $ASCII.GetBytes("$result`n$(one_line $detail)`n")
    move_in "$dir/result.new" "$dir/result"
  } catch { $Error.Clear() }
}

# A lock is a file that nobody else can open while it is held. In it stands the tool that its holder started: of a run that
# is cancelled the agent ends PowerShell only, and the tool may live on. As long as it does, the lock is held.
# Answers the open file, or `held`, or nothing where there can be none.
function take([string]$path, [double]$seconds) {
  $until = $clock.Elapsed.TotalSeconds + $seconds
  while ($true) {
    try {
      $file = [IO.File]::Open($path, 'OpenOrCreate', 'ReadWrite', 'None')
      $bytes = New-Object byte[] 100
      if (-not (lives $ASCII.GetString($bytes, 0, $file.Read($bytes, 0, 100)))) { return $file }
      $file.Dispose()
    } catch {
      # ERROR_SHARING_VIOLATION, ERROR_LOCK_VIOLATION; 11 is what flock says where this is tested.
      if (@(-2147024864, -2147024863, 11) -notcontains $_.Exception.GetBaseException().HResult) { return }
    }
    if ($clock.Elapsed.TotalSeconds -ge $until) { return 'held' }
    Start-Sleep -Milliseconds 100
  }
}

# Its number and when it began, since numbers are given anew. Noted before anything is sent to it; one that was not noted
# was sent nothing, and ends with its pipe.
function note_tool {
  $bytes = $ASCII.GetBytes("$($tool.Id) $($tool.StartTime.ToUniversalTime().Ticks)")
  foreach ($file in $alive, $turn) { $file.SetLength(0); $file.Write($bytes, 0, $bytes.Length); $file.Flush($true) }
}

# One without any memory has ended, and is only listed still. One of which it cannot be told counts as this one.
function lives([string]$noted) {
  if ($noted -cnotmatch '^[0-9]+ [0-9]+$') { return $false }
  $id, $began = $noted.Split([char[]]' ')
  try { $process = [Diagnostics.Process]::GetProcessById([int]$id) } catch [ArgumentException] { return $false }
  try { $process.VirtualMemorySize64 -gt 0 -and [Math]::Abs($process.StartTime.ToUniversalTime().Ticks - [long]$began) -lt 20000000 } catch { $true }
}

# Takes the name of an operation, once and for all. A folder with an open file in it cannot be moved on Windows, so its
# lock stands beside it, and is held before: whoever sees the folder finds the lock held, or the end. The folder appears
# whole, with its first word in it, or not at all. Answers `claimed`, `taken`, or `unrecorded`: so it is not begun.
function claim([string]$file, [string]$text, [double]$seconds) {
  $script:alive = take "$dir.alive" $seconds
  if ($alive -is [string] -or [IO.Directory]::Exists($dir)) { return 'taken' }
  $fresh = "$dir.$([guid]::NewGuid())" # nobody else's, and nobody's of before: process numbers are given anew
  try {
    if (-not $alive) { throw 'no lock' }
    [void][IO.Directory]::CreateDirectory($fresh)
    store "$fresh/$file" 'Create' $ASCII.GetBytes($text)
    move_in $fresh $dir
    store "$dir/named" 'Create' $ASCII.GetBytes('x') # through to the disk, so the new name is there too
    'claimed'
  } catch {
    remove $fresh
    if ($alive) { $alive.Dispose(); remove "$dir.alive" }
    'unrecorded'
  }
}

# How far a killed one came: every mark is a file that holds its own word, and the furthest counts. A file without it was
# not written to its end, so what it would have announced was not sent.
function read_mark { foreach ($word in 'write', 'read', 'login', 'none') { if ((read_file "$dir/mark.$word") -ceq $word) { return "mark=$word" } } }

# What is known of an operation. One that never started can be sealed: a command that arrives late then finds its name
# taken.
function fetch {
  if (-not [IO.Directory]::Exists($dir)) {
    if ($given.seal -cne 'yes') { answer 'not-started' '' 0 }
    switch (claim 'result' "sealed`n`n" 2) {
      'taken' { if (-not [IO.Directory]::Exists($dir)) { answer 'running' '' 0 } }
      'unrecorded' { refuse 'state' "it cannot be recorded in $($given.state)" }
      'claimed' { answer 'sealed' '' 0 }
    }
  }
  $end = (read_file "$dir/result").Split("`n")
  if (-not $end[0]) {
    if ($alive -isnot [IO.FileStream]) { $script:alive = take "$dir.alive" 0 }
    if ($alive -is [string]) { answer 'running' '' 0 }
    if (-not $alive) { refuse 'state' "$dir has no lock" }
    $end = (read_file "$dir/result").Split("`n") # it may have ended in this moment
  }
  $script:facts = @()
  if ($end[0] -ceq 'sealed') { answer 'sealed' '' 0 }
  if ($end[0]) { $script:facts = @((read_file "$dir/facts").Split("`n")) }
  else { # nobody runs it and it has no end: killed
    $end = 'stopped-killed', ''
    if ([IO.Directory]::Exists($given.work)) {
      foreach ($left in [IO.Directory]::GetDirectories($given.work, "hsm-sync.*.$($given.operation)")) { remove $left }
    }
    $script:facts = @(read_mark)
    remember $end[0] '' ''
  }
  $script:facts = @("recorded=$($end[0])") + $facts
  $packed = read_file "$dir/packed"
  if (-not $packed -and [IO.File]::Exists("$dir/transcript")) { $packed = pack ([IO.File]::ReadAllBytes("$dir/transcript")) }
  answer 'recorded' $end[1] 0 $packed
}

# The end of an operation: remembered as far as the disk takes it, and answered in any case.
function conclude([string]$result, [string]$detail, [int]$code) {
  $packed = pack $LATIN.GetBytes($said.ToString())
  how_far
  remember $result $detail $packed
  answer $result $detail $code $packed
}

# One more chunk of the transcript. What cannot be recorded any more is not gone on with.
function keep([string]$text) {
  [void]$said.Append($text)
  try { store "$dir/transcript" 'Append' $LATIN.GetBytes($text) } catch { if (-not $stop) { $script:stop = 'state' } }
}

# Recorded before what it announces is sent, even if power goes: how far the dialogue comes.
function mark([string]$word) {
  try { store "$dir/mark.$word" 'Create' $ASCII.GetBytes($word) } catch { $script:stop = 'state' }
  if (-not $stop) { $script:marked = $word }
}
