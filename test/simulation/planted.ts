/** A fault that is put into a copy of the source, to see that the simulation finds it. */
export interface Planted {
  readonly name: string
  readonly edits: readonly Edit[]
}

export interface Edit {
  readonly file: string
  /** Stands there exactly once. */
  readonly find: string
  readonly replace: string
}

/** The instrument is tested with these: each must be found within `MOST_SEEDS`. */
export const MOST_SEEDS = 500

export const PLANTED: readonly Planted[] = [
  {
    name: 'the watch looks again after a failed login',
    edits: [
      { file: 'src/application/watch-routes.ts', find: '  if (stored.watch.paused) return false\n', replace: '' },
      {
        file: 'src/application/watch-routes.ts',
        find: '    if (watch.paused !== undefined) return true\n',
        replace: '',
      },
    ],
  },
  {
    name: 'a look of the watch begins before it is known what the last one came to',
    edits: [
      edit(
        'src/application/watch-routes.ts',
        '    if (watch.route === own || !watch.going) return false\n',
        '    if (watch.route === own || !watch.going || watch.going) return false\n',
      ),
      edit(
        'src/application/watch-routes.ts',
        "(state === 'running' || isWatch === true)",
        "state === 'running' && !isWatch",
      ),
    ],
  },
  one('a request that cannot be read counts as one in which no login failed', 'src/application/watch-bar.ts', {
    find: 'lost: lost.filter((end) => end.mayHaveFailedLogin)',
    replace: 'lost: lost.filter((end) => end.at < 0)',
  }),
  one('a home tab says that nothing is there although a request cannot be read', 'src/adapters/slack/views/home.ts', {
    find: '  const hasAllOpen = unreadable.open.length === 0\n',
    replace: '  const hasAllOpen = unreadable.open.length >= 0\n',
  }),
  {
    name: 'a listing at the end counts as a login that works, whatever came after it',
    edits: [
      edit('src/domain/last-login.ts', " return 'doubt'\n", ' continue\n'),
      edit(
        'src/domain/outcome.ts',
        "stop && OF_A_LOGIN.has(stop.code) ? 'doubt' : lastLogin(steps)",
        'lastLogin(steps)',
      ),
    ],
  },
  one('whatever ended last shows that the login works', 'src/domain/watch.ts', {
    find: 'worked.some(({ startedAt }) => startedAt > at)',
    replace: 'worked.some(({ finishedAt }) => finishedAt > at)',
  }),
  one('the watch tries again the login that failed for somebody', 'src/application/watch-bar.ts', {
    find: '  return failedLoginIn({ ended, lost: ',
    replace: '  return failedLoginIn({ ended: [], lost: ',
  }),
  one('anybody may let a watch look again', 'src/application/resume-watch.ts', {
    find: '  const refusal = route ? await refusePerson(deps, route, by) : refuse',
    replace: "  const refusal = route ? by === '' && (await refusePerson(deps, route, by)) : refuse",
  }),
  one('exactly what was found means everything', 'src/application/ask-exactly.ts', {
    find: '    scope,\n',
    replace: "    scope: { users: { kind: 'all' }, keys: { kind: 'all' } },\n",
  }),
  one('a home tab shows as waiting what somebody else decides', 'src/application/home.ts', {
    find: '    waiting: pending.filter(mayDecide),\n',
    replace: '    waiting: pending.filter((request) => mayDecide(request) || request.id),\n',
  }),
  one(
    'a home tab says that nothing waits although Slack did not tell of every group',
    'src/adapters/slack/views/home.ts',
    {
      find: "      hasAllGroups && hasAllOpen ? 'Nothing that you may decide.' : ",
      replace: "      hasAllOpen ? 'Nothing that you may decide.' : ",
    },
  ),
  one('strangers see a home tab', 'src/application/home.ts', {
    find: '  if (stranger) return stranger\n',
    replace: '  if (stranger && !person) return stranger\n',
  }),
  one('a home tab that is open is not kept up to date', 'src/adapters/slack/outgoing/home-tabs.ts', {
    find: '          if (viewer.shown === state) continue\n',
    replace: '          if (viewer.shown !== undefined) continue\n',
  }),
  {
    name: 'a home tab leads to a card that was deleted',
    edits: [
      edit(
        'src/adapters/slack/outgoing/home-look.ts',
        'export type LinkOf =',
        'const FIRST = new Map<string, string>()\nexport type LinkOf =',
      ),
      edit(
        'src/adapters/slack/outgoing/home-look.ts',
        '    return ts && linkOf(channel, ts)\n',
        '    if (ts && !FIRST.has(id)) FIRST.set(id, ts)\n    return ts && linkOf(channel, FIRST.get(id) ?? ts)\n',
      ),
    ],
  },
  one('a form shows HSMs before it is known who opened it', 'src/adapters/slack/incoming/sync-form.ts', {
    find: '      if (!(await asked)) await showHsms',
    replace: '      if (asked) await showHsms',
  }),
  one('a step is planned although somebody asked to stop in that moment', 'src/application/run-request.ts', {
    find: '    if (!(await deps.store.planStep(id, intent, deps.holder, version))) continue\n',
    replace: '    if (version > 0) await deps.store.saveStep(id, intent, deps.holder)\n',
  }),
  one('a form shows the HSMs of a route that is not chosen any more', 'src/adapters/slack/incoming/sync-form.ts', {
    find: '  const isCurrent = () => (forms.get(view)?.route ?? value) === value\n',
    replace: "  const isCurrent = () => forms.get(view)?.route !== ''\n",
  }),
  one('the watch counts half of the keys that are missing', 'src/domain/watch.ts', {
    find: '  const keys = diff.keys.missing.length\n',
    replace: '  const keys = Math.ceil(diff.keys.missing.length / 2)\n',
  }),
  one('the watch says in sync of what lacks keys', 'src/domain/watch.ts', {
    find: "  if (users + keys + others > 0) return { kind: 'behind', users, keys, others }\n",
    replace: "  if (users + others > 0) return { kind: 'behind', users, keys, others }\n",
  }),
  one(
    'what the settings call a bastion is believed, whatever Systems Manager says',
    'src/application/look-at-bastion.ts',
    {
      find: '  if (presence.platform !== PLATFORMS[platform].type)\n',
      replace: "  if (presence.platform === '')\n",
    },
  ),
  one('a Windows bastion is sent the script of Linux', 'src/engines/cmu/index.ts', {
    find: "  const scriptFor = ({ platform = 'linux' }: Pick<BastionFacts, 'platform'>) => scripts[platform]\n",
    replace: '  const scriptFor = (_: object) => scripts.linux\n',
  }),
  one('a locked document is not compared with what it should hold', 'src/application/look-at-bastion.ts', {
    find: '  if (!isDocument(found.content, ',
    replace: "  if (found.content === '' && !isDocument(found.content, ",
  }),
  one('the brake is not looked at before a start', 'src/application/hold-runs.ts', {
    find: "  if (freeze) return { kind: 'frozen', ...freeze }\n",
    replace: '  if (freeze && !signal) return undefined\n',
  }),
  one('the brake stops no run that is going', 'src/application/run-request.ts', {
    find: '    if (freeze) {\n',
    replace: '    if (freeze && freeze.at < 0) {\n',
  }),
  one('a calendar that AWS does not tell about counts as open', 'src/application/hold-runs.ts', {
    find: "  if (isRefusal(found)) return { kind: 'calendar-unknown', calendar, refused: found.refused }\n",
    replace: '  if (isRefusal(found)) return undefined\n',
  }),
  one('anybody may lift the brake', 'src/application/brake.ts', {
    find: "  const refusal = await refusePerson(deps, by, 'unfreeze')\n",
    replace: "  const refusal = by === '' ? await refusePerson(deps, by, 'unfreeze') : undefined\n",
  }),
  one('what a process that is gone had acknowledged is taken up by nobody', 'src/adapters/slack/incoming/inbox.ts', {
    find: '    if (!claimed) return false\n',
    replace: '    if (claimed || !claimed) return false\n',
  }),
  one('nobody looks whether another company reads in the channel', 'src/adapters/slack/outgoing/private-notices.ts', {
    find: "  if (facts.isExternal) return 'channel-shared'\n",
    replace: '',
  }),
  one('an approval counts although another company reads in the channel', 'src/application/decide-request.ts', {
    find: "  return place?.isExternal ? refuse({ code: 'channel-shared', channel }) : undefined\n",
    replace: '  return undefined\n',
  }),
  one('believe Delivery Timed Out', 'src/application/run-step.ts', {
    find: "  const block = end.kind === 'ended' ? parseBlock(end.output) : undefined\n",
    replace:
      "  if (end.kind === 'ended' && end.status === 'Delivery Timed Out') return { ...step, end: { kind: 'sealed' } }\n  const block = end.kind === 'ended' ? parseBlock(end.output) : undefined\n",
  }),
  one('an answer to SendCommand that was lost counts as refused', 'src/application/run-step.ts', {
    find: "    if (sent.kind === 'unsure') return step\n",
    replace: '',
  }),
  {
    // As it was found: the request was claimed again at once, for ever. Without the second edit a run that came to
    // nothing rests, and the fault has no effect.
    name: 'refusal told by its field, and no rest after it',
    edits: [
      edit(
        'src/domain/refusal.ts',
        "  return kind === 'refusal'\n",
        "  return kind === 'refusal' || (typeof value === 'object' && value !== null && 'refused' in value)\n",
      ),
      edit('src/application/drive-runs.ts', 'if (tries + 1 >= MOST_TRIES &&', 'if (tries + 1 >= 1_000 * MOST_TRIES &&'),
      edit('src/application/drive-runs.ts', 'after: deps.clock.now() + pause })', 'after: Math.min(0, pause) })'),
    ],
  },
  one('halt kept in memory only', 'src/application/run-request.ts', {
    find: "  const halted = await apply(deps, id, { type: 'halt', stop })\n  return isRefusal(halted) ? undefined : deps.store.load(id)\n",
    replace: '  return { ...stored, request: { ...stored.request, halt: stop } }\n',
  }),
  one('a missing mark counts as none', 'src/engines/printed.ts', {
    find: "  return block.mark && { by: 'bastion', mark: block.mark }\n",
    replace: "  return { by: 'bastion', mark: block.mark ?? 'none' }\n",
  }),
  one('what cannot be recorded is done all the same', 'test/simulation/bastion/session.ts', {
    find: "      this.stop = 'state'\n      return\n",
    replace: '      this.marked = mark\n      return\n',
  }),
  {
    name: "a fetch that is refused counts as the operation's own refusal",
    edits: [
      edit(
        'src/engines/printed.ts',
        "(block.result === 'recorded' || block.result === 'sealed')",
        "block.result !== 'running'",
      ),
      edit(
        'src/engines/printed.ts',
        "block.result === 'sealed') return { by: 'seal' }",
        "block.result !== 'recorded') return { by: 'seal' }",
      ),
    ],
  },
  one('a failed login is tried again', 'src/domain/run-facts.ts', {
    find: "  if (evidence !== 'nothing-sent' || code === undefined) return false\n",
    replace:
      "  if (code === 'login-failed') return true\n  if (evidence !== 'nothing-sent' || code === undefined) return false\n",
  }),
  {
    name: 'the second approval by one person counts',
    edits: [
      edit(
        'src/domain/approval-policy.ts',
        "  if (earlier) return refuse({ code: 'already-decided', verdict: earlier.verdict, at: earlier.at })\n",
        '  void earlier\n',
      ),
      edit(
        'src/domain/request.ts',
        'new Set(approvalsOf(decided).map((decision) => decision.by))',
        'new Set(approvalsOf(decided).map((_, at) => at))',
      ),
    ],
  },
  one('self-approval counts', 'src/domain/approval-policy.ts', {
    find: "  if (person.id === request.requestedBy) return refuse({ code: 'self-approval' })\n",
    replace: '',
  }),
  one('who left the group may still approve', 'src/application/ask-workspace.ts', {
    find: 'else if (members.includes(userId)) memberOf.push(group)',
    replace: 'else memberOf.push(group)',
  }),
  one('what would run is not compared with what was approved', 'src/application/run-request.ts', {
    find: '      const changed = differences(spec, now.spec)\n',
    replace: '      const changed = differences(spec, spec)\n',
  }),
  one('nobody asks whether enough people may approve', 'src/application/submit-request.ts', {
    find: '  const approvable = await refuseUnapprovable(deps, route, ask.requestedBy)\n',
    replace: '  const approvable: Awaited<ReturnType<typeof refuseUnapprovable>> = { deadGroups: [] }\n',
  }),
  one('nothing expires', 'src/application/sweep-requests.ts', {
    find: 'for (const id of await deps.store.pastExpiry(now)) await expire(deps, id)',
    replace: 'for (const id of (await deps.store.pastExpiry(now)).slice(1_000)) await expire(deps, id)',
  }),
  one('a plan writes', 'src/domain/run-plan.ts', {
    find: "  if (spec.mode === 'plan') return finish()\n",
    replace: '',
  }),
  one('discrepancies do not keep a run from having succeeded', 'src/domain/outcome.ts', {
    find: '  if (isListed && discrepancies.length === 0 && isHarmless)',
    replace: '  if (isListed && isHarmless)',
  }),
  one('unknown is called failed', 'src/domain/outcome.ts', {
    find: "      state: 'unknown',\n",
    replace: "      state: 'failed',\n",
  }),
  one('what may have been written is called unchanged', 'src/domain/evidence.ts', {
    find: "  return statement && statement.mark !== 'write' ? 'only-reads-sent' : 'may-have-written'\n",
    replace: "  return statement?.mark === 'write' ? 'may-have-written' : 'only-reads-sent'\n",
  }),
  one('the lease is not looked at when a run is taken', 'src/adapters/store/request-store.ts', {
    find: "          .where('lease_until', '<=', now)\n",
    replace: '',
  }),
  one('two processes paint at once', 'src/adapters/store/posted-store.ts', {
    find: '      return claimed.numUpdatedRows === 1n\n',
    replace: '      return claimed.numUpdatedRows < 2n\n',
  }),
  one('a task is ticked off before its steps have said anything', 'src/adapters/slack/views/checklist.ts', {
    find: "  const status = isBad ? 'error' : isWhole ? ",
    replace: "  const status = isBad && isWhole ? 'error' : !isGoing ? ",
  }),
  one('a step that was sent again is called failed for ever', 'src/adapters/slack/views/steps.ts', {
    find: '  if (stop && evidence && wasNeverSent({ plan, reading, evidence, seconds }))\n',
    replace: "  if (stop?.code === 'unreadable' && evidence && wasNeverSent({ plan, reading, evidence, seconds }))\n",
  }),
  one('a message is updated as often as something changes', 'src/adapters/slack/outgoing/pace.ts', {
    find: '      return since >= 0 && since < UPDATE_MS\n',
    replace: '      return since < 0 && since > UPDATE_MS\n',
  }),
  one(
    'what a workspace without the newest blocks refuses is said in no other form',
    'src/adapters/slack/outgoing/forms.ts',
    {
      find: '        refused = refusalOf(error)\n',
      replace: "        if (formProblem(error) === 'invalid_blocks') throw error\n        refused = refusalOf(error)\n",
    },
  ),
  one('a message is posted again without a look', 'src/adapters/slack/outgoing/show-message.ts', {
    find: "  const ts = known?.status === 'posting' ? await findPosted(deps, view, context) : known?.ts\n",
    replace: '  const ts = known?.ts\n',
  }),
  one('a command has no row in the record', 'src/application/run-step.ts', {
    find: '      return save(deps, run, known, commandEntry(deps, run, known))\n',
    replace: '      return save(deps, run, known)\n',
  }),
  one('the age of a listing is measured from when the bot looked', 'src/application/run-request.ts', {
    find: 'deps.clock.now() - last.plannedAt < LONGEST_PAUSE_MS',
    replace: 'deps.clock.now() - (last.endedAt ?? last.plannedAt) < LONGEST_PAUSE_MS',
  }),
  one('conflicts are not named', 'src/domain/diff.ts', {
    find: '    if (other) conflicts.push({ handle: key.handle, owner: key.owner, problem: differenceOf(key, other) })\n',
    replace: '    if (other) continue\n',
  }),
  {
    name: 'a failure of the database counts as a row that cannot be read',
    edits: [
      edit('src/application/sweep-requests.ts', 'if (!(error instanceof Unreadable)) {', 'if (error === undefined) {'),
      edit(
        'src/application/list-requests.ts',
        '  if (error instanceof Unreadable) return error\n  throw error\n',
        "  return error instanceof Unreadable ? error : new Unreadable('a row', error)\n",
      ),
      edit(
        'src/application/drive-runs.ts',
        '    if (!(error instanceof Unreadable) && tries',
        '    if (tries < 0 && tries',
      ),
    ],
  },
  one('who is missing beside a conflict is not named', 'src/domain/diff.ts', {
    find: '  const userConflicts = [...found, ...heldBack(found, destinations)]\n',
    replace: '  const userConflicts = [...found, ...heldBack([], destinations)]\n',
  }),
  one('a discrepancy is left out', 'src/domain/outcome.ts', {
    find: '    ...discrepanciesOf(spec, facts, steps, destinations),\n',
    replace: '    ...discrepanciesOf(spec, facts, steps, destinations).slice(1),\n',
  }),
  one('a run that cannot be read is tried for ever', 'src/application/drive-runs.ts', {
    find: 'if (tries + 1 >= MOST_TRIES &&',
    replace: 'if (tries + 1 >= 1_000 * MOST_TRIES &&',
  }),
  one('a stop that was asked for is forgotten', 'src/application/run-request.ts', {
    find: 'stopAsked: request.stopAskedAt !== undefined,',
    replace: 'stopAsked: request.stopAskedAt === 0,',
  }),
  one('HSMs that joined meanwhile are not looked for', 'src/application/run-request.ts', {
    find: 'return now.hsms.map(({ hsmId }) => hsmId).filter((hsmId) => !known.has(hsmId))',
    replace: 'return now.hsms.map(({ hsmId }) => hsmId).filter((hsmId) => known.size === 0 && !known.has(hsmId))',
  }),
  one('failed logins are not counted before a login', 'src/domain/login-risk.ts', {
    find: 'user.failedLogins >= FAILED_LOGINS_LIMIT ||',
    replace: 'user.failedLogins >= FAILED_LOGINS_LIMIT + 9 ||',
  }),
]

function one(name: string, file: string, { find, replace }: Omit<Edit, 'file'>): Planted {
  return { name, edits: [edit(file, find, replace)] }
}

function edit(file: string, find: string, replace: string): Edit {
  return { file, find, replace }
}
