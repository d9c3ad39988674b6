/** When an injected fault applies, and how often. Shared by both vendors' endpoints. */
export interface FaultRule<Args> {
  /** How many calls it hits. Default 1. */
  readonly times?: number
  /** How many matching calls pass before it. Default 0. */
  readonly skip?: number
  readonly when?: (args: Args) => boolean
  /** The effect happens, then the answer is lost: the connection is destroyed. */
  readonly after?: boolean
  readonly status?: number
  readonly delayMs?: number
}

/** Rules waiting for their calls. */
export class FaultList<Args, Rule extends FaultRule<Args>> {
  readonly #planned: { rule: Rule; seen: number }[] = []

  add(rule: Rule): void {
    this.#planned.push({ rule, seen: 0 })
  }

  /** The first rule that hits this call, counted as used. */
  take(args: Args, applies: (rule: Rule) => boolean): Rule | undefined {
    for (const planned of this.#planned) {
      const { rule } = planned
      if (!applies(rule) || rule.when?.(args) === false) continue
      const skip = rule.skip ?? 0
      if (planned.seen >= skip + (rule.times ?? 1)) continue
      planned.seen++
      if (planned.seen > skip) return rule
    }
    return undefined
  }

  clear(): void {
    this.#planned.length = 0
  }
}
