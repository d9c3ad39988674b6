# The logins of a step: read with the instance role, by the AWS CLI or the AWS Tools for PowerShell; part of bastion.ps1.
# A secret is never given to a cmdlet or down the pipeline: module logging writes those down. It stands in variables and
# in arguments of .NET only. One that is not ASCII is refused: a code page could make it another, and a wrong password
# counts.

# JSON may write a sign as an escape (Terraform's jsonencode: \u0026 for &). Signs only, and no quote or backslash:
# nothing else can come of it than what was meant.
function unescape {
  $signs = [Text.RegularExpressions.MatchEvaluator] { param($match) [string][char][Convert]::ToInt32($match.Groups[1].Value, 16) }
  $script:raw = [regex]::Replace($raw, '\\u00(2[13-689A-Fa-f]|3[A-Fa-f]|40|5[BDEFbdef]|60|7[B-Eb-e])', $signs).Replace('\/', '/')
}

# Name and password of one login, with the instance role. Its name is checked where the settings say whose it is.
function fetch_login([string]$login) { # <name or nothing>:<source>:<id>
  $of, $source, $name = $login.Split([char[]]':', 3)
  read_secret $source $name
  unescape
  $user = [regex]::Match($raw, '"username"\s*:\s*"([A-Za-z0-9_]{1,31})"')
  if (-not $user.Success) { refuse 'credentials' "the secret $name needs a ""username"" of letters, digits and underscores" }
  $script:users += $user.Groups[1].Value
  if ($of -and $user.Groups[1].Value -ine $of) { refuse 'credentials' "the secret $name is not that of $of" }
  # No quoting rule of the tool is known, so nothing that would need one.
  $password = [regex]::Match($raw, '"password"\s*:\s*"([!#-&(-\[\]-~]{7,64})"')
  if (-not $password.Success) {
    refuse 'credentials' "the secret $name needs a ""password"" of 7 to 64 printable ASCII characters without white space, quotes or backslashes"
  }
  $secret = $password.Groups[1].Value
  $script:secrets += $secret
  $script:raw = ''
  # The longest is cut first: a secret may be the beginning of another.
  $at = 0; while ($at -lt $cuts.Count -and $cuts[$at].Length -gt $secret.Length) { $at++ }
  $cuts.Insert($at, $secret)
}

# Into $raw, by the AWS CLI, or by the AWS Tools for PowerShell where it is not installed.
function read_secret([string]$source, [string]$name) {
  $isParameter = $source -ceq 'ssm-parameter'
  $aws = @(Get-Command -Name aws -CommandType Application -ErrorAction SilentlyContinue)
  if ($aws.Count) {
    $service = if ($isParameter) { 'ssm' } else { 'secretsmanager' }
    $query = "get-secret-value --secret-id ""$name"" --query SecretString"
    if ($isParameter) { $query = "get-parameter --name ""$name"" --with-decryption --query Parameter.Value" }
    $child = start_program $aws[0].Path "$service $query --region $($given.region) --output text"
    $child.StandardInput.Dispose()
    $out, $err = $child.StandardOutput.ReadToEndAsync(), $child.StandardError.ReadToEndAsync()
    $isOver = [Threading.Tasks.Task]::WaitAll([Threading.Tasks.Task[]]@($out, $err), $AWS_SECONDS * 1000) -and $child.WaitForExit(5000)
    if (-not $isOver) { end_program $child; unanswered $name "aws $service" }
    if ($child.ExitCode -ne 0) { $words = one_line $err.Result; refuse 'credentials' "${name}: $($words.Substring(0, [Math]::Min(400, $words.Length)))" }
    $script:raw = $out.Result
    return
  }
  $cmdlet = if ($isParameter) { 'Get-SSMParameterValue' } else { 'Get-SECSecretValue' }
  if (-not (Get-Command -Name $cmdlet -ErrorAction SilentlyContinue)) { refuse 'tool-missing' "aws, or $cmdlet" }
  # In a runspace of its own, since it has no time limit.
  $shell = [powershell]::Create().AddCommand($cmdlet).AddParameter('Region', $given.region)
  [void]$(if ($isParameter) { $shell.AddParameter('Name', $name).AddParameter('WithDecryption', $true) } else { $shell.AddParameter('SecretId', $name) })
  $asked = $shell.BeginInvoke()
  if (-not $asked.AsyncWaitHandle.WaitOne($AWS_SECONDS * 1000)) { unanswered $name $cmdlet }
  try { $found = $shell.EndInvoke($asked) } catch { refuse 'credentials' "${name}: $($_.Exception.GetBaseException().Message)" }
  $script:raw = if ($found.Count -eq 0) { '' } elseif ($isParameter) { if (@($found[0].Parameters).Count) { $found[0].Parameters[0].Value } else { '' } } else { $found[0].SecretString }
}

function unanswered([string]$name, [string]$what) {
  refuse 'credentials' "${name}: ``$what`` did not answer in $AWS_SECONDS seconds: is there a way from the bastion to that service in $($given.region)?"
}

function without_secrets { foreach ($secret in $cuts) { $script:buffer = $buffer.Replace($secret, '[redacted]') } }

