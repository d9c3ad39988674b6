import { describe, expect, it } from 'vitest'
import { configurationBlocks, configurationFile } from '../../../src/adapters/slack/views/configuration.ts'
import { engineText, hsmText } from '../../../src/adapters/slack/views/spec-text.ts'
import { spec, specOfOne, target } from '../../fixtures/examples.ts'
import { markupOf, slackProblems } from '../../fixtures/slack-rules.ts'
import { wideSpec } from '../../fixtures/whole-clusters.ts'

const HSM1 = 'hsm1.medium'

describe('which HSMs are meant', () => {
  it('one line per server number, where each HSM is written by itself', () => {
    const { destination } = spec()
    const leftOut = [{ hsmId: target(4).hsmId, state: 'CREATE_IN_PROGRESS' }]
    expect(hsmText(spec({ destination: { ...destination, leftOut } }))).toMatchInlineSnapshot(`
      "server  role         HSM              ENI IP
      0       source       hsm-aaaaaaaaaaa  10.0.0.7
      1       destination  hsm-baaaaaaaaaa  10.0.1.7
      2       destination  hsm-caaaaaaaaaa  10.0.2.7
      -       left out     hsm-eaaaaaaaaaa  CREATE_IN_PROGRESS"
    `)
  })
  it('every HSM of both clusters, where whole clusters are written', () => {
    expect(hsmText(wideSpec())).toMatchInlineSnapshot(`
      "role         cluster  HSM              ENI IP
      source       prod-us  hsm-aaaaaaaaaaa  10.0.0.7
      source       prod-us  hsm-daaaaaaaaaa  10.0.3.7
      destination  prod-eu  hsm-baaaaaaaaaa  10.0.1.7
      destination  prod-eu  hsm-caaaaaaaaaa  10.0.2.7"
    `)
  })
})

describe('the engine and why it is this one', () => {
  it('by the types of the HSMs', () => {
    expect(engineText(wideSpec())).toMatchInlineSnapshot(
      `"\`cloudhsm-cli\` 5.17.1 on \`us-bastion\` (\`i-0123456789abcdef0\`, us-east-1), because every HSM of both clusters is hsm2m.medium"`,
    )
  })
  it('of two types', () => {
    const { source } = wideSpec()
    expect(engineText(wideSpec({ source: { ...source, hsmType: HSM1 } }))).toMatchInlineSnapshot(
      `"\`cloudhsm-cli\` 5.17.1 on \`us-bastion\` (\`i-0123456789abcdef0\`, us-east-1), because the HSMs are hsm1.medium and hsm2m.medium"`,
    )
  })
  it('by the route’s own setting', () => {
    const { source, destination } = spec()
    const types = {
      source: { ...source, hsmType: HSM1 },
      destination: { ...destination, hsmType: HSM1 },
    }
    expect(engineText(spec({ ...types, engineBy: 'route' }))).toMatchInlineSnapshot(
      `"\`cmu\` on \`us-bastion\` (\`i-0123456789abcdef0\`, us-east-1), by the route's setting (every HSM of both clusters is hsm1.medium)"`,
    )
  })
  it('of a request from before engines were chosen: only what it is', () => {
    expect(engineText(specOfOne())).toMatchInlineSnapshot(
      `"\`cmu\` on \`us-bastion\` (\`i-0123456789abcdef0\`, us-east-1)"`,
    )
  })
  it('takes no markup out of what AWS calls a type', () => {
    const { source, destination } = wideSpec()
    const hsmType = '<!channel>'
    for (const changed of [{ source: { ...source, hsmType } }, { destination: { ...destination, hsmType } }]) {
      expect(engineText(wideSpec(changed))).not.toContain('<!')
    }
  })
})

describe('what the tool is configured with', () => {
  it('is the difference to the base config, where the bot makes it', () => {
    expect(JSON.stringify(configurationBlocks(spec(), 3000))).toContain('merged config')
  })

  it('is the commands that make it, and that nothing else may stand in it, where the tool makes it', () => {
    const blocks = configurationBlocks(wideSpec(), 3000)
    expect(markupOf(blocks)).toMatchInlineSnapshot(`
      [
        "*Configuration* for both clusters, made on the bastion by exactly these commands, where only this run sees it. \`/opt/cloudhsm/etc/cloudhsm-cli.cfg\` itself stays as it is. Each step makes it anew, and does nothing unless it names exactly these clusters and ENI IPs.",
      ]
    `)
    expect(JSON.stringify(blocks)).toContain(wideSpec().commands?.join('\\n'))
    expect(slackProblems({ blocks })).toEqual([])
  })

  it('has no markup of its own', () => {
    const bastion = { ...wideSpec().bastion, configPath: '/etc/<!here>' }
    const blocks = configurationBlocks(wideSpec({ bastion, commands: ['<!channel> `x`'] }), 3000)
    expect(markupOf(blocks).join()).not.toContain('<!')
  })

  it('says what it leaves out', () => {
    const blocks = configurationBlocks(wideSpec({ commands: ['x'.repeat(5000)] }), 1000)
    expect(JSON.stringify(blocks)).toContain('cut: 4000 more characters')
  })

  it('as a file begins with the commands, and without any is only what was merged', () => {
    expect(configurationFile(wideSpec({ commands: ['one', 'two'], mergedConfig: '{}\n' }))).toBe('# one\n# two\n{}\n')
    expect(configurationFile(spec({ mergedConfig: '{}\n' }))).toBe('{}\n')
  })
})
