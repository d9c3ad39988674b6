import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { parse } from 'yaml'
import { EnvironmentSchema } from '../../src/config.ts'
import { parseLandscape } from '../../src/config-file.ts'

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')

it('lists exactly the variables that the schema knows', () => {
  const table = [...readme.matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name)
  expect(table).toEqual(Object.keys(EnvironmentSchema.shape))
})

it('shows an example config.yml that starts', () => {
  const example = /```yaml\n([\s\S]*?)```/.exec(readme)?.[1] ?? ''
  const parsed = parseLandscape(parse(example))
  expect(parsed).toHaveProperty('landscape.routes.0.required', 2)
})

it('names every slash command with the usage that the bot prints', async () => {
  const { SYNC_USAGE } = await import('../../src/adapters/slack/incoming/grammar.ts')
  expect(readme.replaceAll('\\|', '|')).toContain(SYNC_USAGE)
  for (const command of ['/hsm-ips', '/hsm-sync', '/hsm-requests', '/hsm-help'])
    expect(readme).toContain(`\`${command}`)
})

it('allows the bot the AWS calls it makes and no others', () => {
  const policy = JSON.parse(/```json\n([\s\S]*?)```/.exec(readme)?.[1] ?? '{}')
  const allowed = policy.Statement.flatMap((statement: { Action: string | string[] }) => statement.Action).sort()
  const sources = ['ssm-bastion.ts', 'hsm-directory.ts']
    .map((file) => readFileSync(new URL(`../../src/adapters/aws/${file}`, import.meta.url), 'utf8'))
    .join()
  const used = [...sources.matchAll(/new (\w+)Command\(/g)].map(([, name]) =>
    name === 'DescribeClusters' || name === 'DescribeBackups' ? `cloudhsm:${name}` : `ssm:${name}`,
  )
  expect([...new Set(allowed)]).toEqual([...new Set(used)].sort())
})
