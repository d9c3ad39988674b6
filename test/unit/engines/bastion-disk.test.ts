import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { Bastion, PLATFORMS_HERE, session, tool } from '../../fixtures/bastion.ts'

const canMount = spawnSync('sh', ['-c', 'id -u && unshare -m true']).stdout.toString().startsWith('0')
if (!canMount) console.warn('SKIPPED: only root can mount small disks, so full and read-only ones are NOT tested here')

function run(...argv: string[]): void {
  const [command = '', ...rest] = argv
  const { status, stderr } = spawnSync(command, rest, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`${argv.join(' ')}: ${stderr}`)
}

let mounted: string[] = []

/** A disk of a few pages at this place. */
function mount(place: string, options: string): void {
  mkdirSync(place, { recursive: true })
  run('mount', '-t', 'tmpfs', '-o', `mode=700,${options}`, 'tmpfs', place)
  mounted.push(place)
}

/** Takes what is left of a disk, in the shell's words; the tool may do it too. */
const fill = (place: string) => `cat /dev/zero >"${place}/filler" 2>/dev/null`
const fillNow = (place: string) => spawnSync('sh', ['-c', fill(place)])
const free = (place: string) => rmSync(join(place, 'filler'))

const COMMANDS = ['mark write', 'send one', 'send two', 'send three']

describe.each(PLATFORMS_HERE)('%s', (platform) => {
  let bastion: Bastion
  beforeEach(() => {
    bastion = new Bastion(platform)
    mounted = []
  })
  afterEach(() => {
    for (const place of mounted) run('umount', '-l', place)
    bastion.remove()
  })

  describe.skipIf(!canMount)('what cannot be recorded is not begun', () => {
    it.each<[string, () => void]>([
      ['a full disk', () => fillNow(bastion.state)],
      ['a disk that is read only', () => run('mount', '-o', 'remount,ro', bastion.state)],
      ['a disk without inodes', () => run('mount', '-o', 'remount,nr_inodes=3', bastion.state)],
    ])('%s: refused, from memory, and the tool is not started', async (_, spoil) => {
      mount(bastion.state, 'size=64k,nr_inodes=100')
      for (const name of ['operations', 'locks']) mkdirSync(join(bastion.state, name))
      spoil()
      const { block } = await bastion.session('AB12.1', COMMANDS)
      expect(block).toMatchObject({ action: 'session', operation: 'AB12.1', result: 'refused-state', mark: 'none' })
      expect(block?.detail).toContain('cannot be recorded')
      expect(bastion.told()).toEqual([])
      // No seal either: what is not on disk does not hold.
      const fetched = await bastion.fetch('AB12.1', { seal: 'yes' })
      expect(fetched.block).toMatchObject({ action: 'fetch', result: 'refused-state' })
    })

    it('and is no other one later: with room again the same operation may begin, once', async () => {
      mount(bastion.state, 'size=64k')
      for (const name of ['operations', 'locks']) mkdirSync(join(bastion.state, name))
      fillNow(bastion.state)
      await bastion.session('AB12.1', ['send one'])
      free(bastion.state)
      expect(readdirSync(join(bastion.state, 'operations'))).toEqual([])
      expect((await bastion.session('AB12.1', ['send one'])).block?.result).toBe('done')
      expect((await bastion.session('AB12.1', ['send one'])).block?.result).toBe('refused-already-started')
    })

    it('a work directory that takes nothing is refused before the tool is started', async () => {
      mount(bastion.work, 'size=64k')
      fillNow(bastion.work)
      const { block } = await bastion.session('AB12.1', COMMANDS)
      expect(block).toMatchObject({ result: 'refused-workdir', mark: 'none' })
      expect(bastion.told()).toEqual([])
    })
  })

  describe.skipIf(!canMount)('what was begun and cannot be recorded any more', () => {
    it('stops at once, and says from memory how far it came', async () => {
      mount(bastion.state, 'size=64k')
      bastion.install('cmu', tool(`one) ${fill(bastion.state)}; head -c 9000 /dev/zero | tr '\\0' x; echo ;;`))
      const { block } = await bastion.session('AB12.1', COMMANDS)
      expect(block).toMatchObject({ result: 'stopped-state', mark: 'write', sent: 1 })
      expect(bastion.told()).toEqual(['start', 'one'])
      // Asked later, the bastion knows that much too.
      const later = await bastion.fetch('AB12.1', { seal: 'yes' })
      expect(later.block).toMatchObject({ result: 'recorded', mark: 'write' })
    })

    it('does not come to its next mark: what that announces is not sent', async () => {
      mount(bastion.state, 'size=64k')
      bastion.install('cmu', tool(`one) ${fill(bastion.state)} ;;`))
      const { block } = await bastion.session('AB12.1', ['mark read', 'send one', 'mark write', 'send two'])
      expect(block).toMatchObject({ result: 'stopped-state', mark: 'read' })
      expect(bastion.told()).not.toContain('two')
    })

    it('and of one that was killed on a disk that is full now, what it had recorded is told', async () => {
      mount(bastion.state, 'size=64k')
      bastion.install('cmu', tool('hold) sleep 60 ;;'))
      const child = bastion.start(session('AB12.1', ['mark read', 'send one', 'mark write', 'send hold']))
      await bastion.until('hold')
      await child.kill()
      fillNow(bastion.state)
      const { block, text } = await bastion.fetch('AB12.1', { seal: 'yes' })
      expect(block).toMatchObject({ result: 'recorded', recorded: 'stopped-killed', mark: 'write' })
      expect(text).toContain('did one')
    })
  })

  describe('a session', () => {
    it('does not begin after the time that it was planned for', async () => {
      const past = `${Math.floor(Date.now() / 1000) - 61}`
      const { block } = await bastion.session('AB12.1', ['send one'], { until: past })
      expect(block).toMatchObject({ result: 'refused-late', mark: 'none' })
      expect(block?.detail).toMatch(/6[1-9] seconds too late/)
      expect(bastion.told()).toEqual([])
      expect((await bastion.session('AB12.1', ['send one'])).block?.result).toBe('refused-already-started')
    })

    it('names the user whose secret it read, and never the password, also where nobody logs in', async () => {
      const { block } = await bastion.session('AB12.1', ['send one'], { logins: ':secretsmanager:hsm/crypto-officer' })
      expect(block).toMatchObject({ result: 'done', mark: 'none', logins: ['officer'] })
    })

    it('understands a tool that colours its prompts', async () => {
      const coloured = tool().replaceAll("printf 'aws-cloudhsm>'", "printf '\\033[1;32maws-cloudhsm>\\033[0m'")
      bastion.install('cmu', coloured)
      const { block, text } = await bastion.session('AB12.1', ['send one', 'send two'])
      expect(block).toMatchObject({ result: 'done', sent: 2 })
      expect(text).not.toContain('\x1b')
      expect(readFileSync(bastion.log, 'utf8')).toContain('two')
    })
  })
})
