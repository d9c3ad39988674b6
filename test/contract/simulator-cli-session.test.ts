import { spawn } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import type { ToolFault } from '../simulator/world/world-spec.ts'
import { largeWorld, plantedPassword } from '../simulator/worlds.ts'
import {
  adminAtBoth,
  answer,
  bothClusters,
  cli,
  endWorlds,
  eu,
  eu1,
  eu2,
  freshKeys,
  handlesOf,
  keyReplication,
  missingKey,
  namesOf,
  paths,
  reference,
  replicateKey,
  replicateUser,
  run,
  simulator,
  start,
  us,
  us1,
  userReplication,
} from './cli-place.ts'

// The fake cloudhsm-cli as a session, misbehaving as planned, and at the size of a large cluster.

endWorlds()

describe('interactive mode', () => {
  const logIn = (cluster: string) => [`login --username admin --role admin --cluster-id ${cluster}`, plantedPassword]
  const session = (...lines: string[]) => cli(`interactive --cluster-id ${us}`, adminAtBoth, `${lines.join('\n')}\n`)
  const copy = [
    `user replicate --username crypto_user5 --role crypto-user ${bothClusters.join(' ')}`,
    `key replicate --filter key-reference=${reference(missingKey)} ${bothClusters.join(' ')}`,
  ]

  it.each(['prompts', 'silent'] as const)('%s: logs in to both clusters once and copies', async (cliInteractive) => {
    await start({ dialect: { cliInteractive, cliJson: 'compact' } })
    const { stdout, stderr, status } = await session(...logIn(us), ...logIn(eu), ...copy, 'quit')
    const answers = stdout.match(/\{"error_code":0.*\}$/gm)
    expect(answers).toHaveLength(4)
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
    if (cliInteractive === 'silent') expect(stdout).toBe(`${answers?.join('\n')}\n`)
    else {
      expect(stdout).toMatch(
        new RegExp(`^aws-cloudhsm > Enter password:\\{.*\\}\nadmin@${us} > Enter password:\\{.*\\}\nadmin@${eu} > \\{`),
      )
      expect(stdout).toMatch(new RegExp(`\nadmin@${eu} > $`))
    }
    for (const id of [eu1, eu2]) {
      expect(namesOf(id)).toContain('crypto_user5')
      expect(handlesOf(id)).toContain(missingKey)
    }
    expect(simulator.logins()).toHaveLength(2)
    expect(simulator.sessions()).toMatchObject([
      { tool: 'cloudhsm-cli', ended: true, commands: expect.arrayContaining([logIn(us)[0], '***', copy[0], 'quit']) },
    ])
    expect(JSON.stringify(simulator.sessions())).not.toContain(plantedPassword)
    expect(simulator.violations()).toEqual([])
  })

  it('terminal: cannot ask for a password on a pipe, and takes no line for it', async () => {
    await start({ dialect: { cliInteractive: 'terminal', cliJson: 'compact' } })
    const { stdout, stderr } = await session(...logIn(us), `user list --cluster-id ${us}`, 'quit')
    expect(stdout).toMatch(
      /^aws-cloudhsm > \{"error_code":1,"data":"Failed to read password: No such device or address \(os error 6\)"\}\n/,
    )
    expect(stdout).toContain('"app_user"')
    expect(stderr).toContain('error: unrecognized subcommand')
    expect(simulator.logins()).toEqual([])
    expect(JSON.stringify(simulator.sessions())).not.toContain(plantedPassword)
  })

  it.each(['silent', 'terminal'] as const)('%s: asks on a terminal', async (cliInteractive) => {
    await start({ dialect: { cliInteractive } })
    // `script` gives it a terminal, and passes on what is typed once it has been asked.
    const child = spawn('/usr/bin/script', ['-qec', `'${paths().cli}' interactive --cluster-id ${us}`, '/dev/null'], {
      env: { PATH: process.env.PATH ?? '' },
    })
    let text = ''
    child.stdout.on('data', (chunk) => {
      text += String(chunk)
    })
    const closed = new Promise((resolve) => child.on('close', resolve))
    const [line = '', password = ''] = logIn(us)
    for (const [prompt, typed] of [
      [/aws-cloudhsm > $/, line],
      [/Enter password:$/, password],
      [new RegExp(`admin@${us} > $`), 'quit'],
    ] as const) {
      await expect.poll(() => text, { timeout: 10_000 }).toMatch(prompt)
      child.stdin.write(`${typed}\n`)
    }
    await closed
    expect(text).not.toContain(plantedPassword)
    expect(simulator.logins()).toMatchObject([{ ok: true }])
  })

  it('does not use the environment’s credentials, and goes on after errors', async () => {
    await start({ dialect: { cliInteractive: 'prompts', cliJson: 'compact' } })
    const { stdout, stderr, status } = await session(
      ...copy,
      'nonsense',
      'user list --nonsense',
      'user list',
      `login --username admin --role admin --cluster-id ${us}`,
      'wrong',
      ...logIn(us),
      ...logIn(us).slice(0, 1),
      `logout --cluster-id ${us}`,
      `key list --cluster-id ${us}`,
    )
    expect(stdout.match(/"data":"[^"]*"/g)).toEqual([
      `"data":"Not logged in to cluster ${us}"`,
      `"data":"Not logged in to cluster ${us}"`,
      '"data":"multiple clusters provided in configuration file. Please specify `cluster-id`"',
      '"data":"Login failed: invalid username or password"',
      '"data":"Login failed: already logged in as admin"',
      '"data":"Logout successful"',
      `"data":"Not logged in to cluster ${us}"`,
    ])
    expect(stderr).toMatch(/unrecognized subcommand 'nonsense'[\s\S]*unexpected argument '--nonsense'/)
    expect(status).toBe(0)
    expect(simulator.sessions()).toMatchObject([{ ended: true }])
  })

  it('takes quotes around a value', async () => {
    await start({ dialect: { cliInteractive: 'silent', cliJson: 'compact' } })
    const { stdout } = await session(
      ...logIn(us),
      `key list --cluster-id ${us} --filter attr.label="Backup wrapping key-2024"`,
      'quit',
    )
    expect(stdout).toContain('"returned_key_count":1')
  })
})

describe('planned misbehaviour', () => {
  const play = async (fault: ToolFault) => {
    await start({ toolFaults: [fault], dialect: { cliFailureExit: 1 } })
    return await replicateKey(missingKey)
  }
  const added = (id: string) => handlesOf(id).length - freshKeys

  it.each<[ToolFault['do'], RegExp, number, readonly [number, number]]>([
    ['fail', /"error_code": ?1/, 1, [0, 0]],
    ['silent-noop', /^$/, 0, [0, 0]],
    ['lie', /Successfully replicated key/, 0, [0, 0]],
    ['new-handle', /Successfully replicated key/, 0, [1, 1]],
    ['twice', /Successfully replicated key/, 0, [2, 2]],
    ['delay', /Successfully replicated key/, 0, [1, 1]],
    ['partial', /Key replicate failed on 1 of 2 connections/, 1, [1, 0]],
    ['bad-json', /^Error \{/, 0, [1, 1]],
    ['exit', /Successfully replicated key/, 3, [1, 1]],
    ['cut', /^\{[\s\S]*(?<!\})\n?$/, 0, [1, 1]],
  ])('%s', async (kind, text, status, counts) => {
    const ended = await play({ command: 'key replicate', match: reference(missingKey), do: kind, ms: 20 })
    expect(ended.stdout).toMatch(text)
    expect(ended.status).toBe(status)
    expect([added(eu1), added(eu2)]).toEqual(counts)
    expect(handlesOf(eu1).includes(missingKey)).toBe(counts[0] > 0 && kind !== 'new-handle')
    expect(simulator.violations()).toEqual([])
  })

  it.each([false, true])('kill: before or after the effect (after: %s)', async (after) => {
    await start({ toolFaults: [{ command: 'key replicate', do: 'kill', after }] })
    const { signal, status } = await run(paths().cli, keyReplication(missingKey), adminAtBoth)
    expect(signal ?? status).toBe('SIGKILL')
    expect(added(eu1)).toBe(after ? 1 : 0)
    expect(simulator.sessions()).toMatchObject([{ ended: false }])
    expect(answer(await replicateKey(missingKey))).toMatchObject({ error_code: 0 })
  })

  it('hang: never answers', async () => {
    await start({ toolFaults: [{ command: 'key replicate', do: 'hang' }] })
    const words = ['1', paths().cli, ...keyReplication(missingKey)]
    expect(await run('timeout', words, adminAtBoth)).toMatchObject({ status: 124, stdout: '' })
    expect(added(eu1)).toBe(0)
  })

  it('partial: users too', async () => {
    await start({ toolFaults: [{ command: 'user replicate', do: 'partial' }] })
    const ended = await replicateUser('crypto_user5')
    expect(answer(ended)).toEqual({ error_code: 1, data: 'User replicate failed on 1 of 2 connections' })
    expect([eu1, eu2].map((id) => namesOf(id).includes('crypto_user5'))).toEqual([true, false])
  })

  it('skip and times, and the login and the start as commands', async () => {
    await start({
      toolFaults: [
        { command: 'login', match: eu, skip: 1, do: 'fail', text: 'the HSM is busy' },
        { command: 'interactive', do: 'fail', text: 'no memory' },
      ],
    })
    expect(answer(await replicateUser('crypto_user5'))).toMatchObject({ error_code: 0 })
    expect(answer(await replicateUser('crypto_user6'))).toEqual({ error_code: 1, data: 'the HSM is busy' })
    expect(answer(await replicateUser('crypto_user6'))).toMatchObject({ error_code: 0 })
    expect(answer(await cli(`interactive --cluster-id ${us}`))).toEqual({ error_code: 1, data: 'no memory' })
  })

  it('takes its time', async () => {
    await start({ latencyMs: { 'cli start': 50, 'cli login': 100, 'user replicate': 100 } })
    const started = Date.now()
    await run(paths().cli, userReplication('crypto_user5'), adminAtBoth)
    expect(Date.now() - started).toBeGreaterThan(350)
  })
})

describe('at the size of a large cluster', () => {
  it('copies 3,300 keys in one session without getting slow', async () => {
    await start(
      largeWorld(50, 3300, { hsmType: 'hsm2m.medium', dialect: { cliInteractive: 'silent', cliJson: 'compact' } }),
    )
    const logIn = [us, eu].flatMap((id) => [`login --username admin --role admin --cluster-id ${id}`, plantedPassword])
    const names = namesOf(us1).filter((name) => name.startsWith('crypto'))
    const users = names.map((name) => `user replicate --username ${name} --role crypto-user ${bothClusters.join(' ')}`)
    const keys = handlesOf(us1).map(
      (handle) => `key replicate --filter key-reference=${reference(handle)} ${bothClusters.join(' ')}`,
    )
    const started = Date.now()
    const typed = [...logIn, ...users, ...keys, 'quit'].join('\n')
    const { stdout } = await run(paths().cli, ['interactive', '--cluster-id', us], {}, `${typed}\n`)
    const elapsed = Date.now() - started
    expect(stdout.match(/^\{"error_code":0,.*Successfully replicated (user|key)"\}\}$/gm)).toHaveLength(3350)
    expect(handlesOf(eu2)).toHaveLength(3300)
    expect(elapsed).toBeLessThan(20_000)
    console.log(`3,300 keys and 50 users in ${elapsed} ms`)
  }, 30_000)
})
