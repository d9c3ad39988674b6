/** Virtual time, or real. */
export interface Clock {
  readonly now: number
  sleep(ms: number): Promise<void>
}

/** The process of a script was killed: a reboot. It does nothing any more. */
export class Killed extends Error {}

/** One run of a script on the bastion, with the locks that it holds. */
export class Shell {
  isKilled = false
  /** On Windows: PowerShell was ended, and the tool that it started goes on with the command that it has. */
  isEnded = false
  readonly #time: Clock

  constructor(time: Clock) {
    this.#time = time
  }

  /** The script's own time. Throws Killed where it was killed meanwhile. */
  async wait(ms: number): Promise<void> {
    await this.toolWait(ms)
    this.check()
  }

  /** The tool's time. Throws Killed where the bastion went down meanwhile. */
  async toolWait(ms: number): Promise<void> {
    await this.#time.sleep(ms)
    if (this.isKilled) throw new Killed()
  }

  /** What the script does next it does only if it is still there. */
  check(): void {
    if (this.isKilled || this.isEnded) throw new Killed()
  }
}

/** `flock`: one holder a name, free when its process is gone. */
export class Locks {
  readonly #held = new Map<string, Shell>()

  take(name: string, shell: Shell): boolean {
    const holder = this.#held.get(name)
    if (holder && holder !== shell && !holder.isKilled) return false
    this.#held.set(name, shell)
    return true
  }

  isHeld(name: string): boolean {
    const holder = this.#held.get(name)
    return holder !== undefined && !holder.isKilled
  }

  release(shell: Shell): void {
    for (const [name, holder] of this.#held) if (holder === shell) this.#held.delete(name)
  }
}

/** The data of a script: its `set --` or `$data =` line, as `withData` writes it. */
export function dataOf(
  lines: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): ReadonlyMap<string, string> {
  if (environment.SSM_tool !== undefined) return lockedData(lines, environment)
  const line = lines.find((candidate) => /^(set -- |\$data = )/.test(candidate)) ?? ''
  const words = [...line.matchAll(/'([^'=]+)=([^']*)'/g)]
  return new Map(words.map(([, name = '', value = '']) => [name, value]))
}

/** The same of a locked document: what came in, and what it fixes for this tool. */
function lockedData(
  lines: readonly string[],
  environment: Readonly<Record<string, string>>,
): ReadonlyMap<string, string> {
  const data = new Map(
    Object.entries(environment).flatMap(([name, value]) =>
      value === '' ? [] : [[name.replace(/^SSM_/, ''), value] as const],
    ),
  )
  const tool = lines.indexOf(`${data.get('tool')})`)
  const own = tool < 0 ? lines : lines.slice(tool, lines.indexOf(';;', tool))
  for (const line of own) {
    if (/^(\[\[|if \(\$env:SSM_action)/.test(line) && data.get('action') === 'session') continue
    if (!/set -- "\$@"|\$data \+?= /.test(line)) continue
    for (const [, name = '', value = ''] of line.matchAll(/'([^'=]+)=([^']*)'/g)) data.set(name, value)
  }
  return data
}
