# What PowerShell files use that is not their own, one a line: `error`, `type`, `new`, `static`, `member`, `command`,
# `syntax`. Their own are functions that they define and keys of their hash tables.
param([string]$Path)
$found = New-Object Collections.Generic.SortedSet[string]
$own = New-Object Collections.Generic.HashSet[string]
foreach ($file in $Path.Split(',')) {
  $errors = $null; $tokens = $null
  $tree = [Management.Automation.Language.Parser]::ParseFile($file, [ref]$tokens, [ref]$errors)
  foreach ($one in $errors) { [void]$found.Add("error $file $($one.Message)") }
  foreach ($token in $tokens) { if (-not ($token.TokenFlags -band 'Keyword') -and $token.Kind -notin 'Identifier', 'Generic', 'Variable', 'StringLiteral', 'StringExpandable', 'Number', 'NewLine', 'Comment', 'EndOfInput', 'Parameter') { [void]$found.Add("syntax $($token.Kind)") } }
  foreach ($part in $tree.FindAll({ $true }, $true)) {
    switch ($part.GetType().Name) {
      'TypeExpressionAst' { [void]$found.Add("type $($part.TypeName)") }
      'TypeConstraintAst' { [void]$found.Add("type $($part.TypeName)") }
      'ConvertExpressionAst' { [void]$found.Add("type $($part.Type.TypeName)") }
      'CommandAst' {
        $name = $part.GetCommandName()
        if ($name) { [void]$found.Add("command $name") }
        if ($name -eq 'New-Object') {
          $type = $part.CommandElements[1].Extent.Text.Split('(')[0]
          [void]$found.Add("new $type")
        }
      }
      { $_ -in 'InvokeMemberExpressionAst', 'MemberExpressionAst' } {
        $count = if ($part -is [Management.Automation.Language.InvokeMemberExpressionAst]) { '/' + @($part.Arguments | Where-Object { $_ }).Count } else { '' }
        $of = if ($part.Static) { 'static ' + $part.Expression.TypeName + '::' } else { 'member ' }
        [void]$found.Add($of + $part.Member + $count)
      }
      'FunctionDefinitionAst' { [void]$own.Add("command $($part.Name)") }
      'HashtableAst' { foreach ($pair in $part.KeyValuePairs) { [void]$own.Add("member $($pair.Item1)") } }
      default { [void]$found.Add("syntax $_") }
    }
  }
}
$found | Where-Object { -not $own.Contains($_) }
