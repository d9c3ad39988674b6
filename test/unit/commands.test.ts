import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { iamCommand } from '../../src/commands/iam.ts'
import { manifestCommand } from '../../src/commands/manifest.ts'
import { parseLandscape } from '../../src/config-file.ts'
import { iamRoles } from '../../src/iam-policies.ts'
import { BOT_SCOPES, slackManifest } from '../../src/slack-manifest.ts'
import { sure } from '../fixtures/examples.ts'

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')

/** What a command prints, and its exit code. */
function run(command: (print: (line: string) => void) => number): { code: number; text: string } {
  const lines: string[] = []
  const code = command((line) => lines.push(line))
  return { code, text: lines.join('\n') }
}

describe('manifest', () => {
  it('is manifest.yml, but for the address', () => {
    const url = 'https://hsm-sync.example.com'
    expect(slackManifest({ kind: 'http', url })).toEqual(parse(read('manifest.yml')))
    const { code, text } = run((print) => manifestCommand(['--url', `${url}/`], print))
    expect({ code, manifest: parse(text) }).toEqual({ code: 0, manifest: parse(read('manifest.yml')) })
  })

  it('of Socket Mode names no address', () => {
    const { code, text } = run((print) => manifestCommand(['--mode', 'socket'], print))
    expect(code).toBe(0)
    expect(text).not.toMatch(/https?:/)
    expect(parse(text)).toHaveProperty('settings.socket_mode_enabled', true)
  })

  it('says the same of each scope as manifest.yml does', () => {
    for (const [scope, why] of Object.entries(BOT_SCOPES)) expect(read('manifest.yml')).toContain(`- ${scope} # ${why}`)
  })

  it.each([
    [[]],
    [['--url', 'http://example.com']],
    [['--url', 'https://example.com/slack']],
    [['--mode', 'pigeon']],
    [['--what']],
  ])('%j: says what is expected', (words) => {
    const { code, text } = run((print) => manifestCommand(words, print))
    expect(code).toBe(2)
    expect(text).toContain('usage:')
  })
})

const example = /```yaml\n([\s\S]*?)```/.exec(read('.github/docs/set-up.md'))?.[1] ?? ''
const landscape = () => {
  const parsed = parseLandscape(parse(example))
  if ('problems' in parsed) throw new Error(parsed.problems.join('\n'))
  return parsed.landscape
}

describe('iam', () => {
  it('allows the bot exactly the calls that it makes, on its bastions only', () => {
    const { policy } = sure(iamRoles(landscape(), '123456789012')[0])
    const used = ['ssm-bastion.ts', 'hsm-directory.ts', 'change-calendars.ts'].flatMap((file) =>
      [...read(`src/adapters/aws/${file}`).matchAll(/new (\w+)Command\(/g)].map(
        ([, name = '']) => `${/Clusters|Backups/.test(name) ? 'cloudhsm' : 'ssm'}:${name}`,
      ),
    )
    const documents = ['ssm:DescribeDocument', 'ssm:GetDocument'] // where a bastion has a locked one: below
    expect([...policy.Statement.flatMap(({ Action }) => Action), ...documents].sort()).toEqual(
      [...new Set(used)].sort(),
    )
    expect(policy.Statement.find(({ Action }) => Action.includes('ssm:SendCommand'))?.Resource).toEqual([
      'arn:aws:ssm:us-east-1::document/AWS-RunShellScript',
      'arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0',
    ])
  })

  it('allows the bastion its secrets, and what configure-cli asks', () => {
    const bastion = sure(iamRoles(landscape(), '123456789012')[1])
    expect(bastion).toMatchObject({
      of: 'us-bastion',
      managed: [expect.stringContaining('AmazonSSMManagedInstanceCore')],
    })
    expect(bastion.policy.Statement.map(({ Sid, Resource }) => [Sid, ...Resource])).toEqual([
      [
        'ReadSecrets',
        'arn:aws:secretsmanager:us-east-1:123456789012:secret:hsm/crypto-officer-??????',
        'arn:aws:secretsmanager:us-east-1:123456789012:secret:hsm/payments-??????',
      ],
      ['DecryptThem', 'arn:aws:kms:us-east-1:123456789012:key/*'],
      ['ConfigureCloudHsmCli', '*'],
    ])
  })

  it('allows nothing but the locked document, where a bastion has one', () => {
    const parsed = parseLandscape(parse(example.replace('    platform: linux', '    document: HsmSync-us')))
    if ('problems' in parsed) throw new Error(parsed.problems.join('\n'))
    const { policy } = sure(iamRoles(parsed.landscape, '123456789012')[0])
    const send = policy.Statement.find(({ Action }) => Action.includes('ssm:SendCommand'))
    const own = 'arn:aws:ssm:us-east-1:123456789012:document/HsmSync-us'
    expect(send?.Resource).toEqual([own, 'arn:aws:ec2:us-east-1:123456789012:instance/i-0123456789abcdef0'])
    expect(policy.Statement.find(({ Sid }) => Sid === 'LookAtDocuments')).toMatchObject({
      Action: ['ssm:DescribeDocument', 'ssm:GetDocument'],
      Resource: [own],
    })
  })

  it('gives a role in another account what lies there, and trusts the bot alone with it', () => {
    const roleArn = 'arn:aws:iam::222222222222:role/hsm-sync'
    const access = `roleArn: '${roleArn}', externalId: hsm-7Q2F`
    const text = example
      .replace('region: eu-west-1 }', `region: eu-west-1, ${access} }`)
      .replace('    platform: linux', `    roleArn: '${roleArn}'\n    externalId: hsm-7Q2F`)
    const parsed = parseLandscape(parse(text))
    if ('problems' in parsed) throw new Error(parsed.problems.join('\n'))
    const [bot, there, bastion] = iamRoles(parsed.landscape, '123456789012')
    const actions = (role: typeof bot) => role?.policy.Statement.flatMap(({ Action }) => Action).sort()
    expect(actions(bot)).toEqual(['cloudhsm:DescribeBackups', 'cloudhsm:DescribeClusters', 'sts:AssumeRole'])
    expect(there?.of).toBe(roleArn)
    expect(actions(there)).toEqual(expect.arrayContaining(['cloudhsm:DescribeClusters', 'ssm:SendCommand']))
    expect(JSON.stringify(there?.policy)).toContain('arn:aws:ec2:us-east-1:222222222222:instance/i-0123456789abcdef0')
    expect(JSON.stringify(there?.trust)).toContain('arn:aws:iam::123456789012:role/hsm-sync-bot')
    expect(JSON.stringify(there?.trust)).toContain('"sts:ExternalId":"hsm-7Q2F"')
    expect(JSON.stringify(bastion?.policy)).toContain('secretsmanager:us-east-1:222222222222:secret')
    const terraform = run((print) => iamCommand(['--terraform'], () => parsed.landscape, print)).text
    expect(terraform).toContain(
      'resource "aws_iam_role" "hsm_sync_role_222222222222_role_hsm_sync" {\n  name               = "hsm-sync"',
    )
  })

  it('names what is in GovCloud by its partition', () => {
    const parsed = parseLandscape(parse(example.replaceAll('us-east-1', 'us-gov-west-1')))
    if ('problems' in parsed) throw new Error(parsed.problems.join('\n'))
    const roles = JSON.stringify(iamRoles(parsed.landscape, '123456789012'))
    expect(roles).not.toContain('"arn:aws:')
    expect(roles).toContain('"arn:aws-us-gov:ssm:us-gov-west-1::document/AWS-RunShellScript"')
    expect(roles).toContain('"arn:aws-us-gov:iam::aws:policy/AmazonSSMManagedInstanceCore"')
  })

  it('prints JSON, or Terraform', () => {
    const json = run((print) => iamCommand([], landscape, print))
    expect(json.code).toBe(0)
    expect(JSON.parse(json.text).map(({ of }: { of: string }) => of)).toEqual(['bot', 'us-bastion'])
    const terraform = run((print) => iamCommand(['--terraform', '--account', '123456789012'], landscape, print))
    expect(terraform.text).toMatch(/^resource "aws_iam_role" "hsm_sync_bot" \{/)
    expect(terraform.text).toContain('resource "aws_iam_role_policy_attachment" "hsm_sync_bastion_us_bastion_0"')
    const [, document = ''] = /\n {2}policy = <<-JSON\n([\s\S]*?)\n {2}JSON/.exec(terraform.text) ?? []
    expect(JSON.parse(document)).toEqual(iamRoles(landscape(), '123456789012')[0]?.policy)
  })

  it.each([[['--account', '12']], [['--what']]])('%j: says what is expected', (words) => {
    const { code, text } = run((print) => iamCommand(words, landscape, print))
    expect(code).toBe(2)
    expect(text).toContain('usage:')
  })
})
