# Runs script files one after the other, each in a runspace of its own, as `pwsh -f` would: starting PowerShell costs ten
# times what a script of ours does. One order a line on standard input (JSON: file, directory, environment), one answer a
# line. `exit` cannot end this process, so the file is one that keeps its exit code in $global:code first.
$answers = [Console]::Out
$own = [Environment]::GetEnvironmentVariables()
while ($null -ne ($line = [Console]::In.ReadLine())) {
  $order = ConvertFrom-Json $line
  foreach ($name in @([Environment]::GetEnvironmentVariables().Keys)) { if (-not $own.Contains($name)) { [Environment]::SetEnvironmentVariable($name, $null) } }
  foreach ($pair in $order.environment.PSObject.Properties) { [Environment]::SetEnvironmentVariable($pair.Name, $pair.Value) }
  [Environment]::CurrentDirectory = $order.directory
  $printed = New-Object IO.StringWriter
  [Console]::SetOut($printed)
  $complained = New-Object IO.StringWriter
  [Console]::SetError($complained)
  $shell = [powershell]::Create()
  $complaint = ''
  try { $rest = $shell.AddCommand($order.file).Invoke() } catch { $rest = @(); $complaint = "$_" }
  $code = $shell.Runspace.SessionStateProxy.GetVariable('code')
  if ($null -eq $code) { $code = 1 }
  $complaint += $complained.ToString() + ($shell.Streams.Error | Out-String)
  $shell.Runspace.Dispose()
  $shell.Dispose()
  $shell = $null
  # What a process leaves behind it closes: the locks of the script. Its thread may end a moment later, and holds them until
  # then, so what proves that they are closed is that this process has nothing open in the script's folder.
  for ($tries = 0; ; $tries++) {
    [GC]::Collect(); [GC]::WaitForPendingFinalizers()
    $links = foreach ($file in [IO.Directory]::GetFiles('/proc/self/fd')) { try { [IO.File]::ResolveLinkTarget($file, $false).FullName } catch { } }
    $open = @($links) -like "$($order.directory)/*"
    if ($open.Count -eq 0) { break }
    if ($tries -ge 200) { $complaint += "never closed: $open"; break }
    Start-Sleep -Milliseconds 25
  }
  $answers.WriteLine((ConvertTo-Json -Compress @{ code = $code; printed = $printed.ToString() + (@($rest) -join "`n"); complaint = $complaint }))
  $answers.Flush()
}
