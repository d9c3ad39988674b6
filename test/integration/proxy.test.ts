import { createServer, type IncomingMessage, request, type Server } from 'node:http'
import { connect } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { type Stage, startStage } from '../harness/stage.ts'
import { people } from '../simulator/worlds.ts'

// The real bot behind a proxy: everything that goes out goes through it, or nothing of what NO_PROXY names.

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/**
 * A forward proxy as companies have them: whole addresses for http, CONNECT for the rest. Remembers where everything
 * went.
 */
async function proxy(): Promise<{ readonly url: string; readonly hosts: string[] }> {
  const hosts: string[] = []
  const server: Server = createServer((incoming: IncomingMessage, network) => {
    const { host } = new URL(incoming.url ?? '', 'http://without-a-host')
    hosts.push(host)
    const { 'proxy-connection': _, ...headers } = incoming.headers
    const onward = request(incoming.url ?? '', { method: incoming.method ?? 'GET', headers }, (answer) => {
      network.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(network)
    })
    onward.on('error', () => network.destroy())
    incoming.pipe(onward)
  })
  server.on('connect', ({ url = '' }, socket) => {
    hosts.push(url)
    const [host = '', port] = url.split(':')
    const onward = connect(Number(port), host, () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n')
      onward.pipe(socket)
      socket.pipe(onward)
    })
    for (const end of [onward, socket]) end.on('error', () => end.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(async () => {
    server.closeAllConnections()
    server.close()
  })
  const address = server.address()
  if (typeof address !== 'object' || !address) throw new Error('no port')
  return { url: `http://127.0.0.1:${address.port}`, hosts }
}

async function mainJob(env: Readonly<Record<string, string>>, socketMode = false): Promise<Stage> {
  const stage = await startStage({ required: 1, env, socketMode })
  cleanups.push(() => stage.stop())
  const card = await stage.ask()
  await stage.approve(card, people.approver)
  await expect(stage.finished(card)).resolves.toHaveProperty('text', expect.stringContaining('Succeeded'))
  return stage
}

const hostOf = (url: string | undefined) => new URL(url ?? '').host

describe('behind a proxy', () => {
  it.each([
    ['HTTP', false],
    ['Socket Mode', true],
  ])('Slack and AWS are reached through it: %s', async (_, socketMode) => {
    const { url, hosts } = await proxy()
    const { env } = await mainJob({ HTTP_PROXY: url, HTTPS_PROXY: url }, socketMode)
    expect(hosts).toContain(hostOf(env.SLACK_API_URL))
    expect(hosts).toContain(hostOf(env.AWS_ENDPOINT_URL))
  })

  it('what NO_PROXY names is reached directly', async () => {
    const { url, hosts } = await proxy()
    await mainJob({ HTTP_PROXY: url, HTTPS_PROXY: url, NO_PROXY: '127.0.0.1,localhost' })
    expect(hosts).toEqual([])
  })
})
