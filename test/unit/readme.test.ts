import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { stopText } from '../../src/adapters/slack/views/stop-text.ts'
import { EnvironmentSchema } from '../../src/config.ts'
import { parseLandscape } from '../../src/config-file.ts'
import { STOP_CODES } from '../../src/domain/step.ts'
import { coverage } from '../simulator/coverage.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const readme = read('README.md')
const setUp = read('.github/docs/set-up.md')

const PAGES = [
  'README.md',
  ...readdirSync(join(ROOT, '.github/docs')).map((name) => `.github/docs/${name}`),
  ...['.github/SECURITY.md', '.github/CONTRIBUTING.md', '.github/CHANGELOG.md'],
  ...['src/README.md', 'src/engines/README.md', 'test/README.md', 'test/simulator/README.md'],
]

it('lists exactly the variables that the schema knows', () => {
  const table = [...read('.github/docs/settings.md').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, name]) => name)
  expect(table).toEqual(Object.keys(EnvironmentSchema.shape))
})

it('shows an example config.yml that starts', () => {
  const example = /```yaml\n([\s\S]*?)```/.exec(setUp)?.[1] ?? ''
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
  const policy = JSON.parse(/```json\n([\s\S]*?)```/.exec(setUp)?.[1] ?? '{}')
  const allowed = policy.Statement.flatMap((statement: { Action: string | string[] }) => statement.Action).sort()
  const sources = ['ssm-bastion.ts', 'hsm-directory.ts', 'change-calendars.ts']
    .map((file) => read(`src/adapters/aws/${file}`))
    .join()
  const used = [...sources.matchAll(/new (\w+)Command\(/g)].map(([, name]) =>
    name === 'DescribeClusters' || name === 'DescribeBackups' ? `cloudhsm:${name}` : `ssm:${name}`,
  )
  // By hand no bastion has a locked document: `iam` prints what that needs.
  const documents = ['ssm:DescribeDocument', 'ssm:GetDocument']
  expect([...new Set([...allowed, ...documents])].sort()).toEqual([...new Set(used)].sort())
})

describe.each(PAGES)('%s', (page) => {
  const text = read(page)

  it('leads nowhere that is not there', () => {
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)\)/g)].map(([, link]) => link ?? '')
    expect(links.filter((link) => !existsSync(join(ROOT, dirname(page), link)))).toEqual([])
  })

  it('names no file that is not there', () => {
    const named = [...text.matchAll(/`((?:test|src|\.ci|\.github)\/[\w./-]+\.\w+)`/g)].map(([, path]) => path ?? '')
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([])
  })

  it('is short enough to be read', () => {
    expect(text.split('\n').length).toBeLessThan(page === 'test/simulator/README.md' ? 200 : 150)
  })
})

it("has the simulator's coverage as a table", async () => {
  const path = join(ROOT, 'test/simulator/README.md')
  const [head = ''] = readFileSync(path, 'utf8').split(/(?<=^<!-- coverage.*-->\n)/m)
  const sections = Object.entries(coverage).map(([vendor, matrix]) => {
    const rows = Object.entries(matrix).map(([call, { level, note }]) => `| \`${call}\` | ${level} | ${note} |`)
    return `\n**${vendor}**\n\n| call | | left out, or why |\n|---|---|---|\n${rows.join('\n')}\n`
  })
  await expect(head + sections.join('')).toMatchFileSnapshot(path)
})

it('has every sentence in which a run says why it stopped', async () => {
  const rows = STOP_CODES.map((code) => {
    const { what, next } = stopText({ code, detail: '…' })
    return `| ${what.replaceAll('|', '\\|')} | ${next.replaceAll('|', '\\|')} |`
  })
  const page = `# Why a run stopped

\`…\` stands for what was found: a server, the tool's own words, an id. Each sentence is the bot's own; a test compares this
page with it (\`npx vitest run --config test/vitest.config.ts test/unit/readme -u\` writes it anew).

| the thread says | do |
|---|---|
${rows.join('\n')}
`
  await expect(page).toMatchFileSnapshot(join(ROOT, '.github/docs/stops.md'))
})
