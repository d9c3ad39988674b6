# The tool on its pipes; part of bastion.ps1. Its bytes are taken one a character, and CRLF becomes LF; what it is sent ends
# with LF, which every reader of lines takes (a CR might become part of a password). Windows has no stdbuf: a tool that
# holds its prompt back is `silent`, and nothing is sent to it.

# Of the seconds that a step may take; at least enough to end well.
function left { [Math]::Max([int]$given.seconds - $clock.Elapsed.TotalSeconds, 10) }

# Pipes, and no window. ProcessStartInfo has no list of arguments before .NET Core: they are quoted by who calls.
function start_program([string]$path, [string]$arguments) {
  $start = New-Object Diagnostics.ProcessStartInfo($path, $arguments)
  $start.UseShellExecute = $false
  $start.CreateNoWindow = $true
  $start.RedirectStandardInput = $true; $start.RedirectStandardOutput = $true; $start.RedirectStandardError = $true
  $start.StandardOutputEncoding = $LATIN; $start.StandardErrorEncoding = $LATIN
  [Diagnostics.Process]::Start($start)
}

function end_program($process) { try { $process.Kill() } catch { $Error.Clear() }; [void]$process.WaitForExit(5000) }

function reader($stream) { @{ stream = $stream; bytes = New-Object byte[] 65536; task = $null; isOpen = $true; raw = '' } }

function open_tool([string]$path, [string]$config) {
  try { $script:tool = start_program $path """$config""" } catch { refuse 'tool-missing' "${path}: $($_.Exception.GetBaseException().Message)" }
  try { note_tool } catch { end_program $tool; refuse 'state' "$($given.state) does not take which tool runs" }
  $script:from = (reader $tool.StandardOutput.BaseStream), (reader $tool.StandardError.BaseStream)
  $script:deadline = $clock.Elapsed.TotalSeconds + (left)
}

# Waits at most so long for bytes; answers how many came, or -1 when both pipes are closed.
function listen([int]$milliseconds) {
  foreach ($one in $from) { if ($one.isOpen -and -not $one.task) { $one.task = $one.stream.ReadAsync($one.bytes, 0, $one.bytes.Length) } }
  $tasks = @(foreach ($one in $from) { if ($one.isOpen) { $one.task } })
  if ($tasks.Count -eq 0) { return -1 }
  [void][Threading.Tasks.Task]::WaitAny([Threading.Tasks.Task[]]$tasks, $milliseconds)
  $came = 0
  foreach ($one in $from) {
    if (-not $one.isOpen -or -not $one.task.IsCompleted) { continue }
    $count = if ($one.task.IsFaulted) { 0 } else { $one.task.Result }
    $one.task = $null
    if ($count -eq 0) { $one.isOpen = $false } else { $one.raw += $LATIN.GetString($one.bytes, 0, $count); $came += $count }
  }
  $came
}

# What it said since the last command: on its error pipe first, since the prompt ends the other. Colours are not part of it.
function heard {
  $text = ($from[1].raw + $from[0].raw).Replace("`r`n", "`n")
  if ($text.IndexOf([char]27) -lt 0) { $text } else { [regex]::Replace($text, '\x1b\[[0-9;?]*[@-~]', '') }
}

# Reads until the tool waits for a command; answers nothing, or why it does not: `question`, `silent`, `gone`.
function await_prompt {
  $quiet = 0.0
  foreach ($one in $from) { $one.raw = '' }
  while ($true) {
    $before = $clock.Elapsed.TotalSeconds
    $came = listen 2000
    $script:buffer = heard
    if ([regex]::IsMatch($buffer, $QUESTION)) { return 'question' }
    if ($came -lt 0) { return 'gone' }
    # Never the whole text each time: a listing has thousands of lines, and only its last can be a prompt.
    $line = $buffer.Substring($buffer.LastIndexOf("`n") + 1)
    if ($line.Length -lt 1000 -and [regex]::IsMatch($line, $PROMPT)) {
      # What it said before on its error pipe is there already, and takes a moment to be read.
      if ((listen 25) -le 0) { return }
      continue
    }
    $now = $clock.Elapsed.TotalSeconds
    $quiet = if ($came -gt 0) { 0.0 } else { $quiet + $now - $before }
    if ($quiet -ge $PATIENCE) { return 'silent' }
    if ($now -ge $deadline) { end_program $tool; return 'gone' }
  }
}

# Writes $line, by name: it may hold a secret. Answers whether the tool took it.
function tell_tool {
  $bytes = $ASCII.GetBytes($line + "`n")
  try { $tool.StandardInput.BaseStream.Write($bytes, 0, $bytes.Length); $tool.StandardInput.BaseStream.Flush(); $true } catch { $false }
}

function close_tool {
  if (@('', 'need', 'failed', 'login') -ccontains $stop) { $line = 'quit'; [void](tell_tool) }
  else { end_program $tool } # not `quit`: it might be taken for an answer
  foreach ($one in $from) { $one.raw = '' }
  $until = $clock.Elapsed.TotalSeconds + 10
  while ($clock.Elapsed.TotalSeconds -lt $until -and (listen 500) -ge 0) { }
  $script:buffer = heard
  if (-not $tool.WaitForExit(5000)) { end_program $tool }
}

