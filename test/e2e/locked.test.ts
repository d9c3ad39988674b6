import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { parseLandscape } from '../../src/config-file.ts'
import { lockedDocument } from '../../src/engines/locked-document.ts'
import { sure } from '../fixtures/examples.ts'
import { configFor, type Stage, type StageOptions, startStage, until } from '../harness/stage.ts'
import { channels, people, twoClusters } from '../simulator/worlds.ts'

// A bastion with a locked document. The policy that `iam` prints allows nothing but that document: the simulator
// refuses, and reports, everything else.

const OPTIONS: StageOptions = { world: twoClusters(), required: 1, bastion: ['document: HsmSync-us'] }

let stage: Stage
let document: string
beforeAll(async () => {
  stage = await startStage(OPTIONS)
  const parsed = parseLandscape(parse(configFor(stage.simulator, OPTIONS)))
  if ('problems' in parsed) throw new Error(parsed.problems.join('\n'))
  const { routes } = parsed.landscape
  document = lockedDocument(sure(routes[0]).bastion, routes)
})
afterAll(() => stage?.stop())

function putUp(content: string | undefined): void {
  stage.simulator.world.update(({ documents }) => {
    if (content === undefined) delete documents['HsmSync-us']
    else documents['HsmSync-us'] = content
  })
}

async function refusedAsk(): Promise<string> {
  const { slack } = stage.simulator
  const before = slack.ephemerals(people.requester).length
  await slack.command(people.requester, channels.route, '/hsm-sync', 'prod-us prod-eu for the document')
  const isAnswer = ({ text }: { readonly text: string }) => !text.startsWith('Checking')
  return (await until(() => slack.ephemerals(people.requester).slice(before).find(isAnswer), 'an answer')).text
}

describe('a bastion with a locked document', () => {
  it('is asked for nothing while the document is missing, or is another one', async () => {
    putUp(undefined)
    expect(await refusedAsk()).toContain('The SSM document `HsmSync-us` for bastion `us-bastion` is not there')
    putUp(document.replace('ulimit -c 0', 'ulimit -c 1'))
    expect(await refusedAsk()).toContain('holds something else than these settings make')
    expect(stage.simulator.aws.commands()).toEqual([])
  })

  it('a document that changed after the approval: nothing runs', async () => {
    putUp(document)
    const card = await stage.ask()
    putUp(document.replace('"description": "', '"description": "v2 '))
    await stage.approve(card, people.approver)
    const stale = await stage.finished(card)
    expect(stale.text).toContain('Stale')
    expect(JSON.stringify(stale.blocks)).toContain('holds something else than these settings make')
  })

  it('brings a request to its end with that document alone, named by its hash; the thread says so', async () => {
    putUp(document)
    const card = await stage.ask()
    await stage.approve(card, people.approver)
    const end = await stage.finished(card)
    expect(end.text).toContain('Succeeded')
    expect(end.thread.map(({ text }) => text).join('\n')).toContain('locked in the SSM document `HsmSync-us`')
    const sent = stage.simulator.aws.calls.filter(({ operation }) => operation === 'SendCommand')
    expect(sent.length).toBeGreaterThan(5)
    for (const { input } of sent)
      expect(input).toMatchObject({ DocumentName: 'HsmSync-us', DocumentHashType: 'Sha256' })
    expect(JSON.stringify(sent)).not.toContain('ulimit')
    expect(stage.simulator.violations()).toEqual([])
  })
})
