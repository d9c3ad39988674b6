import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, it } from 'vitest'
import { type Stage, startStage, until } from '../harness/stage.ts'
import { POWERSHELL } from '../simulator/bastion/powershell.ts'
import type { WorldSpec } from '../simulator/world/world-spec.ts'
import { channels, hsm2mClusters, people, twoClusters } from '../simulator/worlds.ts'

// The whole bot with a Windows bastion: real PowerShell, real tools, the paths that are the defaults there.

let stage: Stage | undefined
afterEach(() => stage?.stop())

const onWindows = (world: WorldSpec): WorldSpec => ({
  ...world,
  bastions: world.bastions.map((bastion) => ({ ...bastion, platform: 'Windows' })),
})

function privately(started: Stage): string {
  return started.simulator.slack
    .ephemerals(people.requester)
    .map(({ text }) => text)
    .join('\n')
}

describe.skipIf(POWERSHELL === undefined)('a Windows bastion', () => {
  it('copies what was approved, by AWS-RunPowerShellScript', async () => {
    stage = await startStage({ world: onWindows(twoClusters()), bastions: 'real' })
    const { simulator } = stage
    const card = await stage.ask()
    await stage.approve(card, people.approver, people.secondApprover)
    const end = await stage.finished(card)
    expect(end.text).toContain('Succeeded')
    const commands = simulator.aws.commands()
    expect(new Set(commands.map(({ documentName }) => documentName))).toEqual(new Set(['AWS-RunPowerShellScript']))
    expect(commands.every(({ statusDetails }) => statusDetails === 'Success')).toBe(true)
    expect([...simulator.aws.violations, ...simulator.slack.violations]).toEqual([])
  })

  it('is not used for clusters that need CloudHSM CLI: who asks is told what to do', async () => {
    stage = await startStage({ world: onWindows(hsm2mClusters()), bastions: 'real' })
    const { simulator } = stage
    const started = stage
    await simulator.slack.command(people.requester, channels.route, '/hsm-sync', 'prod-us prod-eu new starters')
    const told = await until(
      () => (/Name a Linux bastion/.test(privately(started)) ? privately(started) : undefined),
      'a refusal',
    )
    expect(told).toContain('runs Windows, where CloudHSM CLI is not used')
    expect(simulator.aws.commands()).toEqual([])
  })

  it('that the settings call something else than Systems Manager does is not used', async () => {
    stage = await startStage({ world: onWindows(twoClusters()), bastions: 'real' })
    const started = stage
    stage.simulator.world.update((state) => {
      for (const bastion of state.bastions) Object.assign(bastion, { platform: 'Linux' })
    })
    await stage.simulator.slack.command(people.requester, channels.route, '/hsm-sync', 'prod-us prod-eu new starters')
    const told = await until(
      () => (/its settings say/.test(privately(started)) ? privately(started) : undefined),
      'a refusal',
    )
    expect(told).toContain(
      'Systems Manager says that bastion `us-bastion` runs Linux; its settings say `platform: windows`',
    )
    expect(readFileSync(join(stage.directory, 'config.yml'), 'utf8')).toContain(String.raw`C:\ProgramData\hsm-sync`)
  })
})
