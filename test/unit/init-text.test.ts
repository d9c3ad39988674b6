import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { withAliases } from '../../src/commands/init/candidates.ts'
import { initCommand } from '../../src/commands/init.ts'
import { EnvironmentSchema, loadConfig } from '../../src/config.ts'
import { parseLandscape } from '../../src/config-file.ts'
import { FileSchema } from '../../src/config-schema.ts'
import { configText, exampleConfig, type FileValues } from '../../src/config-text.ts'
import { parseClusterId } from '../../src/domain/ids.ts'
import { environmentText } from '../../src/environment-text.ts'
import { stillClock, sure } from '../fixtures/examples.ts'

/** The paths of every setting that a schema knows: `routes[].approval.approvers.users`. */
function pathsOf(schema: unknown, path: string): string[] {
  const { def } = schema as { def: Readonly<Record<string, unknown>> }
  if (def.type === 'object') {
    const inner = Object.entries(def.shape as object)
    return inner.flatMap(([key, part]) => pathsOf(part, path === '' ? key : `${path}.${key}`))
  }
  if (def.type === 'array') {
    const inside = pathsOf(def.element, `${path}[]`)
    return inside.length === 1 && inside[0] === `${path}[]` ? [path] : inside
  }
  const wrapped = def.innerType ?? def.in
  return wrapped === undefined ? [path] : pathsOf(wrapped, path)
}

/** The same paths in what a file says. */
function pathsIn(value: unknown, path: string): string[] {
  if (Array.isArray(value)) {
    const inside = value.flatMap((item) => pathsIn(item, `${path}[]`))
    return inside.some((found) => found !== `${path}[]`) ? inside : [path]
  }
  if (typeof value !== 'object' || value === null) return [path]
  return Object.entries(value).flatMap(([key, part]) => pathsIn(part, path === '' ? key : `${path}.${key}`))
}

const everySetting = pathsOf(FileSchema, '').sort()

describe('the example', () => {
  it('has every setting that the schema knows, active, and starts', () => {
    expect(everySetting).toContain('routes[].approval.approvers.userGroups')
    expect([...new Set(pathsIn(parse(exampleConfig()), ''))].sort()).toEqual(everySetting)
    expect(parseLandscape(parse(exampleConfig()))).toHaveProperty('landscape.routes.0.required', 2)
  })

  it('is printed with no question, no AWS and nothing written', async () => {
    const lines: string[] = []
    const world = { env: {}, workingDirectory: '/nowhere', clock: stillClock, openTerminal: undefined }
    await expect(initCommand(['--example'], world, (line) => lines.push(line))).resolves.toBe(0)
    expect(`${lines.join('\n')}\n`).toBe(exampleConfig())
  })
})

const values: FileValues = {
  clusters: [
    { alias: 'us-east-1', clusterId: 'cluster-2abcdefghij', region: 'us-east-1' },
    { alias: 'eu-west-1', clusterId: 'cluster-7klmnopqrst', region: 'eu-west-1' },
  ],
  bastions: [
    {
      name: 'us-east-1-bastion',
      instanceId: 'i-0123456789abcdef0',
      region: 'us-east-1',
      credentials: { source: 'ssm-parameter', id: '/hsm/crypto-officer' },
    },
  ],
  routes: [
    {
      source: 'us-east-1',
      destination: 'eu-west-1',
      bastion: 'us-east-1-bastion',
      channel: 'C0123456789',
      engine: 'auto',
      approval: { approvers: { users: ['U0AAAAAAA'] } },
    },
  ],
}

describe('the written config.yml', () => {
  it('says what it was given and no more', () => {
    expect(parse(configText(values))).toEqual(values)
    expect(parseLandscape(parse(configText(values)))).toHaveProperty('landscape.routes.0.required', 1)
  })

  it('has every other setting commented out: without the signs it has all of them, and starts', () => {
    const [, ...body] = configText(values).split('\n\n')
    const switchedOn = body.join('\n\n').replace(/^( *)# /gm, '$1')
    expect([...new Set(pathsIn(parse(switchedOn), ''))].sort()).toEqual(everySetting)
    expect(parseLandscape(parse(switchedOn))).toHaveProperty('landscape.keepStepsMs')
  })

  it('explains each setting once, in its own line', () => {
    const settings = configText(values)
      .split('\n')
      .filter((line) => /^[ #-]*\w+:( |$)/.test(line))
    expect(settings.filter((line) => !line.includes(' # '))).toEqual([
      '  - alias: eu-west-1',
      '    clusterId: cluster-7klmnopqrst',
      '    region: eu-west-1',
    ])
  })

  it('has a note instead of an explanation where there is one', () => {
    expect(configText(values, { 'routes[].engine': 'today cmu' })).toContain('    engine: auto # today cmu\n')
  })

  it('says an empty list where one is given', () => {
    const { routes, ...rest } = values
    const none = { ...sure(routes[0]), approval: { approvers: { users: ['U0AAAAAAA'] }, reminders: [] } }
    const given = { ...rest, routes: [none], workspaces: [] }
    expect(parse(configText(given))).toEqual(given)
  })
})

describe('.env.example', () => {
  const lines = environmentText().split('\n')

  it('has every variable, explained in the line above', () => {
    const named = lines.flatMap((line, at) => {
      const name = /^(?:# )?([A-Z_]+)=/.exec(line)?.[1]
      return name === undefined ? [] : [{ name, above: lines[at - 1] }]
    })
    expect(named.map(({ name }) => name)).toEqual(Object.keys(EnvironmentSchema.shape))
    expect(named.filter(({ above }) => !above?.startsWith('# '))).toEqual([])
  })

  it('has open, and empty, exactly what the start asks for', () => {
    const open = lines.filter((line) => /^[A-Z_]+=/.test(line))
    expect(open).toEqual(['SLACK_BOT_TOKEN=', 'SLACK_SIGNING_SECRET='])
    const asked = () => loadConfig({}, '/nowhere')
    for (const line of open) expect(asked).toThrow(line.slice(0, -1))
  })

  it('has values that the schema takes', () => {
    const shown = lines.flatMap((line) => {
      const [, name, value] = /^# ([A-Z_]+)=(.+)$/.exec(line) ?? []
      return name === undefined ? [] : [[name, value]]
    })
    expect(EnvironmentSchema.partial().safeParse(Object.fromEntries(shown)).error).toBeUndefined()
  })
})

describe('the alias that is proposed', () => {
  const cluster = (clusterId: string, region: string, name?: string) => ({
    cluster: { clusterId: sure(parseClusterId(clusterId)), region, state: 'ACTIVE', hsms: [] },
    ...(name === undefined ? {} : { name }),
  })
  const aliases = (...found: ReturnType<typeof cluster>[]) => withAliases(found).map(({ alias }) => alias)
  const [a, b, c] = ['cluster-2abcdefghij', 'cluster-7klmnopqrst', 'cluster-7uvwxyzabcd'] as const

  it.each<[string, ReturnType<typeof cluster>[], string[]]>([
    [
      'the tag Name',
      [cluster(a, 'us-east-1', 'payments'), cluster(b, 'eu-west-1', 'Payments_EU')],
      ['payments', 'Payments_EU'],
    ],
    [
      'the Region without one',
      [cluster(a, 'us-east-1'), cluster(b, 'us-east-1'), cluster(c, 'eu-west-1')],
      ['us-east-1', 'us-east-1-2', 'eu-west-1'],
    ],
    [
      'the Region where the name is no alias',
      [cluster(a, 'us-east-1', 'our payments'), cluster(b, 'eu-west-1', '')],
      ['us-east-1', 'eu-west-1'],
    ],
    [
      'the Region where two have one name',
      [cluster(a, 'us-east-1', 'hsm'), cluster(b, 'eu-west-1', 'HSM')],
      ['us-east-1', 'eu-west-1'],
    ],
    [
      "the Region where the name is a cluster's id",
      [cluster(a, 'us-east-1', b), cluster(b, 'eu-west-1')],
      ['us-east-1', 'eu-west-1'],
    ],
    [
      'no Region that is a name already',
      [cluster(a, 'us-east-1'), cluster(b, 'eu-west-1', 'us-east-1')],
      ['us-east-1-2', 'us-east-1'],
    ],
  ])('is %s', (_, found, expected) => {
    expect(aliases(...found)).toEqual(expected)
  })
})

it('asks AWS for nothing that the bot does not ask for', () => {
  const folder = new URL('../../src/adapters/aws/', import.meta.url)
  const asked = (names: readonly string[]) =>
    names.flatMap((name) =>
      [...readFileSync(new URL(name, folder), 'utf8').matchAll(/new (\w+)Command\(/g)].map(([, call]) => call),
    )
  const own = readdirSync(folder).filter((name) => name.startsWith('find-'))
  expect(asked(own)).toEqual(['DescribeInstanceInformation', 'DescribeClusters'])
  expect(asked(['ssm-bastion.ts', 'hsm-directory.ts'])).toEqual(expect.arrayContaining(asked(own)))
})
