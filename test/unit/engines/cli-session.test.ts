import { describe, expect, it } from 'vitest'
import { redact } from '../../../src/domain/redact.ts'
import { exchangeOf, pagesOf, parseSession } from '../../../src/engines/cloudhsm-cli/session.ts'
import { transcriptOf } from '../../../src/engines/cloudhsm-cli/transcript.ts'
import { transcript } from '../../fixtures/cli-session.ts'

const A = 'cluster-2abcdefghij'
const B = 'cluster-7kkmnopqrst'
const login = (user: string, cluster: string, role = 'crypto-user'): [string, string] => [
  `login --username ${user} --role ${role} --cluster-id ${cluster}`,
  '{}',
]
const logout = (cluster: string): [string, string] => [`logout --cluster-id ${cluster}`, '{}']
const list = (cluster: string): [string, string] => [`key list --cluster-id ${cluster} --max-items 500`, '{}']

function usersIn(records: readonly (readonly [string, string])[]): (string | undefined)[] {
  return parseSession(transcript(records)).map(({ user }) => user)
}

describe('a session is read record by record', () => {
  it('a command, its answer, and what else it said and the exit status where the command had a process of its own', () => {
    expect(parseSession('user list\x1f{"a":1}\x1f0\x1fWARN late\x1ekey list\x1foh no\x1f101\x1f\x1e')).toEqual([
      { command: 'user list', answer: '{"a":1}', stderr: 'WARN late', status: 0, user: undefined, isWhole: true },
      { command: 'key list', answer: 'oh no', stderr: '', status: 101, user: undefined, isWhole: true },
    ])
  })

  it.each(['', 'none', '1.5', '-1', '1234'])('an exit status that is none is not known: "%s"', (status) => {
    expect(parseSession(`x\x1fy\x1f${status}\x1e`)[0]?.status).toBeUndefined()
  })

  it.each([
    'aws-cloudhsm > ',
    'aws-cloudhsm >',
    'aws-cloudhsm>',
    'admin@cluster-2abcdefghij > ',
    'admin@[cluster-2abcdefghij, cluster-7kkmnopqrst] > ',
    'crypto-user@cluster-2abcdefghij >',
  ])('the prompt that waits for the next command belongs to no answer: %s', (prompt) => {
    expect(parseSession(transcript([['user list', '{"a":1}']], prompt))[0]?.answer).toBe('{"a":1}')
    expect(parseSession(`interactive\x1f${prompt}\x1f\x1e`)[0]?.answer).toBe('')
  })

  it('a prompt in the middle of an answer stays', () => {
    const [found] = parseSession(transcript([['x', 'one\naws-cloudhsm > \ntwo']]))
    expect(found?.answer).toBe('one\naws-cloudhsm > \ntwo')
  })

  it('the last record is not whole where the step was killed', () => {
    const whole = transcript([list(A)])
    for (const cut of ['key list', 'key list\x1f', 'key list\x1f{"error_code":0', 'key list\x1f{}\x1f0']) {
      expect(parseSession(`${whole}${cut}`).map(({ isWhole }) => isWhole)).toEqual([true, false])
    }
  })

  it('an empty text is no session', () => {
    expect(parseSession('')).toEqual([])
  })
})

describe('who was logged in to the cluster of a command', () => {
  it('nobody before the first login, then that user, nobody after the logout', () => {
    expect(usersIn([list(A), login('jdoe', A), list(A), logout(A), list(A)])).toEqual([
      undefined,
      'jdoe',
      'jdoe',
      undefined,
      undefined,
    ])
  })
  it('each cluster has its own', () => {
    expect(usersIn([login('admin', A), login('jdoe', B), list(A), list(B), logout(B), list(A), list(B)])).toEqual([
      'admin',
      'jdoe',
      'admin',
      'jdoe',
      undefined,
      'admin',
      undefined,
    ])
  })
  it('a login without a logout before it takes its place, as in single command mode', () => {
    expect(usersIn([login('admin', A), login('JDoe', A), list(A)]).at(-1)).toBe('jdoe')
  })
  it('is nobody in particular for a command between two clusters', () => {
    const command = `key replicate --filter key-reference=0x1 --source-cluster-id ${A} --destination-cluster-id ${B}`
    expect(usersIn([login('admin', A), login('admin', B), [command, '{}']]).at(-1)).toBeUndefined()
  })
})

describe('finding answers', () => {
  it('the newest answer to a command counts', () => {
    const session = parseSession(
      transcript([
        ['user list', 'old'],
        ['user list', 'new'],
      ]),
    )
    expect(exchangeOf(session, 'user list')?.answer).toBe('new')
    expect(exchangeOf(session, 'user')).toBeUndefined()
  })

  it('pages are those of one listing, of one cluster, as one user saw it', () => {
    const page = (answer: string, more = ''): [string, string] => [`${list(A)[0]}${more}`, answer]
    const session = parseSession(
      transcript([
        login('admin', A, 'admin'),
        page('1'),
        page('2', ' --starting-token 500'),
        login('jdoe', A),
        page('3', ' --verbose'),
        page('4', ' --verbose --starting-token 500'),
        login('app', A),
        page('5', ' --verbose'),
        list(B),
      ]),
    )
    const answers = (...asked: [string, string?]) => pagesOf(session, ...asked).map(({ answer }) => answer)
    expect(answers(list(A)[0])).toEqual(['1', '2'])
    expect(answers(`${list(A)[0]} --verbose`, 'jdoe')).toEqual(['3', '4'])
    expect(answers(`${list(A)[0]} --verbose`, 'app')).toEqual(['5'])
    expect(answers(`${list(A)[0]} --verbose`, 'admin')).toEqual([])
  })
})

describe('the transcript for people', () => {
  it('shows each command with its answer, and a bad exit status', () => {
    expect(transcriptOf(parseSession('user list\x1f{}\x1f0\x1ekey list\x1foh no\x1f3\x1e'))).toMatchInlineSnapshot(`
      "cloudhsm-cli> user list
      {}

      cloudhsm-cli> key list
      oh no
      (exit status 3)
      "
    `)
  })
  it('shows no password, wherever it stands', () => {
    const text = 'login --username admin --role admin\x1fCLOUDHSM_PIN=admin:hunter2hunter2\x1f1\x1e'
    expect(redact(transcriptOf(parseSession(text)))).not.toContain('hunter2')
  })
})
