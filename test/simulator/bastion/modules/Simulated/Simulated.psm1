# What Windows has and Linux has not, for the simulated Windows bastion: access control lists. One for SYSTEM and
# Administrators alone is played by mode 700; any other is what ProgramData gives to a new folder.
$onlyOurs = 'O:BAG:SYD:PAI(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)'
$ofProgramData = 'O:BAG:SYD:AI(A;OICIID;FA;;;SY)(A;OICIID;FA;;;BA)(A;OICIIOID;GA;;;CO)(A;OICIID;0x1200a9;;;BU)(A;CIID;DCLCRPCR;;;BU)'
$private = [IO.UnixFileMode]'UserRead, UserWrite, UserExecute'

function Get-Acl {
  param([Parameter(Mandatory)][string]$LiteralPath)
  $isOurs = [IO.File]::GetUnixFileMode($LiteralPath) -eq $private
  $sddl = if ($env:SIM_SDDL) { $env:SIM_SDDL } elseif ($isOurs) { $onlyOurs } else { $ofProgramData }
  $setter = { param($text) $this.Sddl = $text }
  [pscustomobject]@{ Sddl = $sddl } | Add-Member -MemberType ScriptMethod -Name SetSecurityDescriptorSddlForm -Value $setter -PassThru
}

function Set-Acl {
  param([Parameter(Mandatory)][string]$LiteralPath, [Parameter(Mandatory)]$AclObject)
  if ($AclObject.Sddl -cne $onlyOurs) { throw "not modelled: $($AclObject.Sddl)" }
  [IO.File]::SetUnixFileMode($LiteralPath, $private)
}

Export-ModuleMember -Function Get-Acl, Set-Acl
