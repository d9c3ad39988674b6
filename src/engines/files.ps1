# Files, through to the disk where it matters, and what is packed; part of bastion.ps1.

# Through to the disk: FlushFileBuffers writes the file and what its folder knows of it (.NET: Flush(true)).
function store([string]$path, [string]$how, [byte[]]$bytes) {
  $file = [IO.File]::Open($path, $how, 'Write', 'ReadWrite')
  try { $file.Write($bytes, 0, $bytes.Length); $file.Flush($true) } finally { $file.Dispose() }
}

# What was just written may be looked at by a virus scanner for a moment, and cannot be moved in it.
function move_in([string]$from, [string]$to) {
  for ($tries = 0; ; $tries++) {
    try {
      if ([IO.Directory]::Exists($from)) { [IO.Directory]::Move($from, $to) } else { [IO.File]::Move($from, $to) }
      return
    } catch { if ($tries -ge 10) { throw } }
    Start-Sleep -Milliseconds 100
  }
}

function remove([string]$path) {
  try { if ([IO.Directory]::Exists($path)) { [IO.Directory]::Delete($path, $true) } else { [IO.File]::Delete($path) } } catch { $Error.Clear() }
}

function pack([byte[]]$bytes) {
  $memory = New-Object IO.MemoryStream
  $gzip = New-Object IO.Compression.GZipStream($memory, [IO.Compression.CompressionMode]::Compress)
  $gzip.Write($bytes, 0, $bytes.Length)
  $gzip.Dispose()
  [Convert]::ToBase64String($memory.ToArray())
}

# One byte a character, both ways.
function unpack([string]$packed) {
  $memory = New-Object IO.MemoryStream(, [Convert]::FromBase64String($packed))
  $gzip = New-Object IO.Compression.GZipStream($memory, [IO.Compression.CompressionMode]::Decompress)
  $plain = New-Object IO.MemoryStream
  $gzip.CopyTo($plain)
  $LATIN.GetString($plain.ToArray())
}

function sha256_of([byte[]]$bytes) {
  [BitConverter]::ToString([Security.Cryptography.SHA256]::Create().ComputeHash($bytes)).Replace('-', '').ToLowerInvariant()
}

function read_file([string]$path) { if ([IO.File]::Exists($path)) { $LATIN.GetString([IO.File]::ReadAllBytes($path)) } else { '' } }
