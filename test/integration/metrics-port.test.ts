import { createServer } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePort } from '../harness/bot-process.ts'
import { type Stage, startStage, until } from '../harness/stage.ts'
import { channels, people } from '../simulator/worlds.ts'

// The real bot process with METRICS_PORT: the operators' pages stand apart from what Slack reaches.

const PAGES = ['/healthz', '/readyz', '/metrics']

/** The status, or `nobody` where no one listens. */
function status(url: string, method = 'GET'): Promise<number | 'nobody'> {
  return fetch(url, { method }).then(
    (answer) => answer.status,
    () => 'nobody',
  )
}

function ready(stage: Stage) {
  const line = stage.bot
    .log()
    .split('\n')
    .find((one) => one.includes('the bot is ready'))
  return line === undefined ? undefined : JSON.parse(line)
}

async function startApart(options: { readonly socketMode: boolean }): Promise<Stage> {
  return startStage({ ...options, env: { METRICS_PORT: String(await freePort()) } })
}

describe('in HTTP mode', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await startApart({ socketMode: false })
  })
  afterAll(() => stage?.stop())

  it.each(PAGES)('%s is there, and not where Slack delivers', async (page) => {
    await expect(status(`${stage.bot.pagesUrl}${page}`)).resolves.toBe(200)
    await expect(status(`${stage.bot.url}${page}`)).resolves.toBe(404)
  })

  it('Slack delivers where it always did, and not there', async () => {
    await stage.simulator.slack.command(people.requester, channels.route, '/hsm-help', '')
    await until(() => stage.simulator.slack.ephemerals(people.requester)[0], 'an answer')
    await expect(status(`${stage.bot.pagesUrl}/slack/events`, 'POST')).resolves.toBe(404)
  })

  it('the log names both ports', async () => {
    const line = await until(() => ready(stage), 'the line')
    expect(line).toMatchObject({ port: Number(stage.env.PORT), metricsPort: Number(stage.env.METRICS_PORT) })
  })

  it('both are given back at the end', async () => {
    await expect(stage.bot.stop()).resolves.toBe(0)
    for (const url of [stage.bot.url, stage.bot.pagesUrl]) await expect(status(url)).resolves.toBe('nobody')
  })
})

describe('in Socket Mode', () => {
  let stage: Stage
  beforeAll(async () => {
    stage = await startApart({ socketMode: true })
  })
  afterAll(() => stage?.stop())

  it('nothing listens but the pages', async () => {
    for (const page of PAGES) await expect(status(`${stage.bot.pagesUrl}${page}`)).resolves.toBe(200)
    await expect(status(stage.bot.url)).resolves.toBe('nobody')
    const line = await until(() => ready(stage), 'the line')
    expect(line).not.toHaveProperty('port')
    expect(line).toMatchObject({ metricsPort: Number(stage.env.METRICS_PORT) })
  })

  it('they are gone at the end', async () => {
    await expect(stage.bot.stop()).resolves.toBe(0)
    await expect(status(stage.bot.pagesUrl)).resolves.toBe('nobody')
  })
})

it.each([
  ['METRICS_PORT', false],
  ['METRICS_PORT', true],
  ['PORT', false],
  ['PORT', true],
])('a %s that is taken ends the start, and is named (Socket Mode: %s)', async (setting, socketMode) => {
  const taken = await freePort()
  const other = createServer().listen(taken, '127.0.0.1')
  await expect(startStage({ socketMode, env: { [setting]: String(taken) } })).rejects.toThrow(
    `could not start: cannot listen on ${taken} (${setting}): listen EADDRINUSE`,
  )
  other.close()
})
