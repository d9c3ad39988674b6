import { parseArgs } from 'node:util'
import type { Landscape } from '../domain/route.ts'
import { iamRoles, type Role } from '../iam-policies.ts'

const USAGE = `usage: node dist/main.js iam [--account <twelve digits>] [--terraform]
It reads config.yml (or what BOT_CONFIG names) and prints the least that the bot's role and each bastion's role need.`

/** `iam`: policies and trust policies of every role. Answers the exit code: 2 for wrong words. */
export function iamCommand(
  words: readonly string[],
  landscape: () => Pick<Landscape, 'clusters' | 'routes' | 'access'>,
  print: (line: string) => void,
): number {
  const options = { account: { type: 'string' }, terraform: { type: 'boolean', default: false } } as const
  let values: { readonly account?: string | undefined; readonly terraform: boolean }
  try {
    values = parseArgs({ args: [...words], options }).values
  } catch (error) {
    print(`${error instanceof Error ? error.message : String(error)}\n${USAGE}`)
    return 2
  }
  if (values.account !== undefined && !/^\d{12}$/.test(values.account)) {
    print(`--account: expected twelve digits\n${USAGE}`)
    return 2
  }
  const roles = iamRoles(landscape(), values.account ?? 'ACCOUNT')
  print(values.terraform ? roles.map(terraformOf).join('\n\n') : JSON.stringify(roles, null, 2))
  return 0
}

function terraformOf({ of, policy, managed, trust }: Role): string {
  const name = nameOf(of)
  const attachments = managed.map(
    (arn, at) => `
resource "aws_iam_role_policy_attachment" "${name}_${at}" {
  role       = aws_iam_role.${name}.name
  policy_arn = "${arn}"
}`,
  )
  return `resource "aws_iam_role" "${name}" {
  name               = "${of.startsWith('arn:') ? of.replace(/^.*\//, '') : name.replaceAll('_', '-')}"
  assume_role_policy = <<-JSON
${indented(trust)}
  JSON
}

resource "aws_iam_role_policy" "${name}" {
  role   = aws_iam_role.${name}.id
  policy = <<-JSON
${indented(policy)}
  JSON
}${attachments.join('\n')}`
}

/** A role that the bot takes on has its own name, in its own account. */
function nameOf(of: string): string {
  if (of === 'bot') return 'hsm_sync_bot'
  const [kind, text] = of.startsWith('arn:') ? (['role', of.replace(/^.*::/, '')] as const) : (['bastion', of] as const)
  return `hsm_sync_${kind}_${text.replace(/[^A-Za-z0-9]/g, '_')}`
}

/** `${` would begin an expression of Terraform's. */
function indented(document: object): string {
  return JSON.stringify(document, null, 2).replaceAll('${', '$${').replace(/^/gm, '    ')
}
